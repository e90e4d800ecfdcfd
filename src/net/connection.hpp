// SPDX-License-Identifier: Apache-2.0
// One client connection of a Server: its requests one after the other; only for the .cpp files of net/.
#pragma once

#include "net/server_core.hpp"
#include "net/stream.hpp"

namespace lumoz::net {

class Connection final : public Exchange {
public:
    Connection(std::shared_ptr<Server::Core> server, Stream stream);
    ~Connection() override;

    /// Serves requests until the connection ends.
    Task<void> run();
    /// Ends the connection now; a handler that listens for a lost client is told from the loop, not in place.
    void cut();
    /// Somebody is to be told by `tell_gone`.
    [[nodiscard]] bool must_tell() const { return tell_; }
    void tell_gone();
    [[nodiscard]] bool idle() const { return idle_; }

    [[nodiscard]] const RequestHead& head() const override { return buffers_->head; }
    Task<Result<ByteView>> read_body(std::size_t max_bytes) override;
    Task<Result<ByteView>> read_body_some(std::size_t max_bytes, TimePoint deadline) override;
    Task<Status> respond(int status, const Headers& headers, ByteView body) override;
    Status begin(int status, const Headers& headers, std::optional<std::uint64_t> length) override;
    Task<Status> flush_head() override;
    Task<Status> write(ByteView piece) override;
    Task<Status> finish(ByteView last, const Headers* trailers) override;
    Task<Result<TunnelResult>> tunnel(const Headers& headers, ClientExchange& other,
                                      TunnelLimits limits) override;
    void abort() override;
    [[nodiscard]] bool begun() const override { return answer_ != Answer::None; }
    [[nodiscard]] bool finished() const override { return answer_ == Answer::Finished; }
    void on_peer_gone(std::move_only_function<void()> fn) override;
    [[nodiscard]] bool peer_gone() const override { return gone_; }
    [[nodiscard]] bool over_tls() const override { return stream_.over_tls(); }
    [[nodiscard]] std::optional<Digest256> tls_spki() const override { return tls_spki_; }
    [[nodiscard]] std::string peer() const override { return stream_.peer(); }
    [[nodiscard]] Loop& loop() override { return server_->loop; }

    Connection* next = nullptr;
    Connection** link = nullptr;

private:
    enum class Answer : std::uint8_t { None, Begun, HeadSent, Finished, Aborted };
    enum class Coding : std::uint8_t { Length, Chunked, UntilClose, NoBody };

    Task<Status> next_request();
    Task<Status> first_byte();
    Task<Status> read_more(TimePoint deadline);
    Task<Status> read_counted(std::uint64_t length, TimePoint deadline);
    Task<Status> read_chunked(std::size_t max_bytes, TimePoint deadline);
    Task<Status> expect_body(std::size_t max_bytes);
    Task<Result<ByteView>> next_counted(TimePoint deadline);
    Task<Result<ByteView>> next_chunked(std::size_t max_bytes, TimePoint deadline);
    Task<Status> send_continue();
    Task<void> refuse(Error error);
    Task<bool> end_exchange();
    Task<void> linger();
    Task<Status> send(std::span<const ByteView> parts);
    void start_exchange();
    bool read_ahead();
    void tell_later();
    [[nodiscard]] bool has_room();
    /// New connections see another key than this one.
    [[nodiscard]] bool tls_key_is_old() const;
    void write_head(int status, const Headers& headers, std::optional<std::uint64_t> length);
    [[nodiscard]] ByteView take_head();
    Status count(std::size_t bytes, bool last);
    [[nodiscard]] ByteView unread() const { return ByteView(buffers_->in).subspan(begin_, end_ - begin_); }

    std::shared_ptr<Server::Core> server_;
    Stream stream_;
    std::unique_ptr<Buffers> buffers_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::move_only_function<void()> gone_fn_;
    std::optional<std::uint64_t> length_;
    std::optional<Digest256> tls_spki_;  ///< of the certificate that this connection shows
    std::uint64_t sent_ = 0;
    std::uint64_t body_read_ = 0;  ///< by read_body_some and in chunks
    ChunkDecoder decoder_;
    Answer answer_ = Answer::None;
    Coding coding_ = Coding::Length;
    bool idle_ = false;
    bool keep_ = true;
    bool body_done_ = true;
    bool linger_ = false;
    bool gone_ = false;
    bool tell_ = false;
};

}  // namespace lumoz::net

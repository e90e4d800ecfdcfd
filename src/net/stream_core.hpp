// SPDX-License-Identifier: Apache-2.0
// Inside of Stream; only for the .cpp files of net/.
#pragma once

#include "net/loop_core.hpp"
#include "net/stream.hpp"
#include "net/tls_session.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

namespace lumoz::net {

struct Stream::Core final : std::enable_shared_from_this<Stream::Core>, private Attached, private Deadline {
    using Socket = boost::asio::generic::stream_protocol::socket;

    Core(Loop& owner, int fd);
    ~Core() override { close(); }

    Result<std::optional<std::size_t>> try_read(std::span<std::uint8_t> into);
    Result<std::size_t> try_write(std::span<const ByteView> parts);
    Task<Status> wait_readable(TimePoint deadline);
    Task<Status> wait_writable(TimePoint deadline);
    Task<Status> handshake(const TlsContext& context, const std::string& host, TimePoint deadline);
    void watch(std::move_only_function<bool()> fn);
    void close();
    void reset();
    [[nodiscard]] int fd() { return socket ? socket->native_handle() : -1; }

    Loop& loop;
    std::optional<Socket> socket;
    std::unique_ptr<TlsSession> tls;
    std::optional<Digest256> peer_spki;

private:
    void arm_read();
    void arm_write();
    void on_readable(bool aborted);
    void on_writable();
    void call_watcher();
    void expired() override;
    void loop_ends() override { socket.reset(); }
    Result<std::optional<std::size_t>> plain_read(std::span<std::uint8_t> into);
    Result<std::size_t> plain_write(std::span<const ByteView> parts);

    Signal readable_;
    Signal writable_;
    std::move_only_function<bool()> watcher_;
    bool read_armed_ = false;
    bool write_armed_ = false;
    bool maybe_readable_ = true;  // false: a wait is needed before another read makes sense
    bool timed_out_ = false;
};

}  // namespace lumoz::net

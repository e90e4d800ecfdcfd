// SPDX-License-Identifier: Apache-2.0
#include "net/client.hpp"

#include "net/chunk_size.hpp"
#include "net/client_core.hpp"

#include <algorithm>
#include <array>

namespace lumoz::net {

namespace {

constexpr std::size_t kFirstBuffer = std::size_t{16} << 10;
constexpr int kMaxInterim = 8;

/// Bytes that came are in `in`; reads more behind them. 0: the server's stream ended.
Task<Result<std::size_t>> fill(ClientConnection& c, std::size_t bound, TimePoint deadline) {
    if (c.begin == c.end) c.begin = c.end = 0;
    if (c.end == c.in.size()) {
        if (c.in.size() >= bound) co_return fail(Errc::Limit, "E_HTTP_HEAD_TOO_LARGE", "net.client.input");
        c.in.resize(std::min(bound, std::max(kFirstBuffer, c.in.size() * 2)));
    }
    const std::span<std::uint8_t> room = std::span(c.in).subspan(c.end);
    LUMOZ_CO_TRY(const std::size_t got, co_await c.stream.read_some(room, deadline));
    c.end += got;
    co_return got;
}

Task<Status> read_head(ClientConnection& c, const ClientOptions& options, TimePoint deadline, bool upgrade) {
    const std::size_t bound = std::max(options.head.bytes, kFirstBuffer);
    std::size_t from = 0;
    int interim = 0;
    for (;;) {
        Result<std::optional<std::size_t>> found = find_head(as_text(c.unread()), from, options.head);
        if (!found) {
            // The rule is named for requests where it is found.
            Error error = std::move(found).error();
            if (error.rule == "E_HTTP_REQUEST") error.rule = "E_HTTP_RESPONSE";
            co_return std::unexpected(std::move(error));
        }
        if (!*found) {
            LUMOZ_CO_TRY(const std::size_t got, co_await fill(c, bound, deadline));
            if (got == 0) co_return fail(Errc::Closed, "E_NET_CLOSED", "net.client.head");
            continue;
        }
        const std::string_view text = as_text(c.unread().first(**found));
        LUMOZ_CO_CHECK_OK(parse_response_head(text, options.head, c.head));
        c.begin += text.size();
        from = 0;
        if (c.head.status >= 200 || (c.head.status == 101 && upgrade)) co_return Status{};
        if (c.head.status == 101 || ++interim > kMaxInterim) {
            co_return fail(Errc::Malformed, "E_HTTP_RESPONSE", "net.client.interim");
        }
    }
}

void write_request(std::string& out, const Client::Core& core, std::string_view method,
                   std::string_view target, const Headers& headers, const Payload& body) {
    out.assign(method).append(" ").append(core.url.prefix).append(target).append(" HTTP/1.1\r\nHost: ");
    out.append(core.authority).append("\r\n");
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const HeaderView field = headers[i];
        out.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    std::optional<std::uint64_t> length;
    if (body.source != nullptr) {
        length = body.source->length();
        if (!length) out.append("Transfer-Encoding: chunked\r\n");
    } else if (!body.bytes.empty() || (method != "GET" && method != "HEAD")) {
        length = body.bytes.size();
    }
    if (length) out.append("Content-Length: ").append(std::to_string(*length)).append("\r\n");
    if (!body.upgrade.empty()) {
        out.append("Connection: Upgrade\r\nUpgrade: ").append(body.upgrade).append("\r\n");
    } else if (core.options.pool_size == 0) {
        out.append("Connection: close\r\n");
    }
    out.append("\r\n");
}

/// Notes when the server says something before the body's end; what it says is kept for `read_head`.
bool watch_for_answer(ClientConnection& c, bool& answered) {
    if (c.in.empty()) c.in.resize(kFirstBuffer);
    const auto got = c.stream.try_read(std::span(c.in).subspan(c.end));
    if (got && !*got) return true;
    if (got) c.end += **got;
    const bool interim = got && **got > 0 && as_text(c.unread()).starts_with("HTTP/1.1 1");
    answered = !interim;
    return interim && c.end < c.in.size();
}

/// Head and body, piece by piece. Ends early when the server has answered.
Task<Status> write_streamed(ClientConnection& c, BodySource& source, Duration patience, bool& answered) {
    const bool chunked = !source.length();
    ByteView head = as_bytes(c.out);
    c.stream.watch([&c, &answered] { return watch_for_answer(c, answered); });
    for (bool end = false; !end && !answered;) {
        auto piece = co_await source.next();
        if (!piece) {
            c.stream.close();
            co_return std::unexpected(std::move(piece).error());
        }
        end = piece->empty();
        const ChunkSize size(piece->size());
        std::array<ByteView, 4> parts = {head, {}, *piece, {}};
        if (chunked) {
            parts[1] = size.view();
            parts[3] = as_bytes("\r\n");
        }
        head = {};
        const Status written = co_await c.stream.write(parts, patience);
        // A server that closes behind an early answer can still be read.
        if (!written && written.error().code == Errc::Closed && c.stream.is_open()) answered = true;
        if (!written && !answered) co_return written;
    }
    c.stream.watch({});
    co_return Status{};
}

Status check_request(std::string_view method, std::string_view target, const Headers& headers) {
    const bool plain = std::ranges::all_of(target, [](char c) { return c > ' ' && c != 0x7f; });
    if (!target.starts_with('/') || !plain || !is_sendable({method, ""})) {
        return fail(Errc::Usage, "E_HTTP_HEADER", "net.client.target");
    }
    for (std::size_t i = 0; i < headers.size(); ++i) {
        if (!is_sendable(headers[i])) return fail(Errc::Usage, "E_HTTP_HEADER", "net.client.header");
    }
    return {};
}

class Answer final : public ClientExchange {
public:
    Answer(std::shared_ptr<Client::Core> core, std::unique_ptr<ClientConnection> connection, bool head_only)
        : core_(std::move(core)), connection_(std::move(connection)) {
        const ResponseHead& h = connection_->head;
        const bool empty = head_only || h.status == 204 || h.status == 304;
        reusable_ = h.keep_alive && h.status != 101 && (empty || h.chunked || h.content_length);
        left_ = h.content_length.value_or(0);
        if (empty || h.status == 101 || (!h.chunked && h.content_length == 0)) {
            mode_ = Mode::End;
        } else if (h.chunked) {
            mode_ = Mode::Chunked;
        } else {
            mode_ = h.content_length ? Mode::Counted : Mode::UntilClose;
        }
    }
    ~Answer() override { release(); }

    [[nodiscard]] const ResponseHead& head() const override { return connection_->head; }
    [[nodiscard]] std::optional<std::uint64_t> content_length() const override {
        return connection_->head.content_length;
    }
    Task<Result<ByteView>> read_some() override;
    Task<Result<Bytes>> read_all(std::size_t max_bytes) override;
    void cancel() override {
        cancelled_ = true;
        connection_->stream.close();
    }
    [[nodiscard]] Stream* upgraded() override {
        return connection_->head.status == 101 ? &connection_->stream : nullptr;
    }
    [[nodiscard]] ByteView upgraded_pending() const override { return connection_->unread(); }
    [[nodiscard]] std::optional<Digest256> peer_spki() const override {
        return connection_->stream.peer_spki();
    }

private:
    enum class Mode : std::uint8_t { Counted, Chunked, UntilClose, End, Broken };

    void release() {
        const bool clean = mode_ == Mode::End && connection_->begin == connection_->end;
        if (clean && reusable_ && !cancelled_ && connection_->stream.is_open())
            core_->give(std::move(connection_));
    }
    Result<ByteView> take_counted();
    Result<ByteView> take_chunked();
    std::unexpected<Error> broken(Error error) {
        mode_ = Mode::Broken;
        connection_->stream.close();
        return std::unexpected(std::move(error));
    }

    std::shared_ptr<Client::Core> core_;
    std::unique_ptr<ClientConnection> connection_;
    ChunkDecoder decoder_;
    std::uint64_t left_ = 0;
    Mode mode_ = Mode::End;
    bool reusable_ = false;
    bool cancelled_ = false;
};

Result<ByteView> Answer::take_counted() {
    ClientConnection& c = *connection_;
    const ByteView there = c.unread();
    if (mode_ == Mode::UntilClose) left_ = there.size() + 1;
    const ByteView piece =
        there.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, there.size())));
    c.begin += piece.size();
    left_ -= piece.size();
    if (left_ == 0) mode_ = Mode::End;
    return piece;
}

/// All content of the chunks that are there, moved together inside the buffer.
Result<ByteView> Answer::take_chunked() {
    ClientConnection& c = *connection_;
    const std::size_t start = c.begin;
    std::size_t filled = start;
    while (c.begin < c.end && !decoder_.done()) {
        LUMOZ_TRY(const ChunkDecoder::Step step, decoder_.next(c.unread()));
        const auto to = c.in.begin() + static_cast<std::ptrdiff_t>(filled);
        if (&*to != step.data.data()) std::ranges::copy(step.data, to);
        filled += step.data.size();
        c.begin += step.used;
    }
    if (decoder_.done()) mode_ = Mode::End;
    return ByteView(c.in).subspan(start, filled - start);
}

Task<Result<ByteView>> Answer::read_some() {
    ClientConnection& c = *connection_;
    for (;;) {
        if (cancelled_) co_return fail(Errc::Closed, "E_NET_CLOSED", "net.client.cancelled");
        if (mode_ == Mode::End) co_return ByteView();
        if (mode_ == Mode::Broken) co_return fail(Errc::Closed, "E_NET_CLOSED", "net.client.body");
        if (c.begin < c.end) {
            Result<ByteView> piece = mode_ == Mode::Chunked ? take_chunked() : take_counted();
            if (!piece) co_return broken(std::move(piece).error());
            if (!piece->empty()) co_return piece;
            continue;
        }
        auto got = co_await fill(c, kFirstBuffer, core_->loop.now() + core_->options.read_timeout);
        if (!got) co_return broken(std::move(got).error());
        if (*got > 0) continue;
        if (mode_ != Mode::UntilClose) {
            co_return broken(Error{Errc::Closed, "E_NET_CLOSED", "net.client.body_cut", ""});
        }
        mode_ = Mode::End;
    }
}

Task<Result<Bytes>> Answer::read_all(std::size_t max_bytes) {
    Bytes all;
    if (content_length().value_or(0) > max_bytes) {
        co_return fail(Errc::Limit, "E_HTTP_BODY_TOO_LARGE", "net.client.content_length");
    }
    for (;;) {
        LUMOZ_CO_TRY(const ByteView piece, co_await read_some());
        if (piece.empty()) co_return all;
        if (piece.size() > max_bytes - all.size()) {
            co_return fail(Errc::Limit, "E_HTTP_BODY_TOO_LARGE", "net.client.body");
        }
        append(all, piece);
    }
}

}  // namespace

void CancelToken::cancel() {
    if (cancelled_) return;
    cancelled_ = true;
    if (close_) close_();
}

Client::Client(Loop& loop, Url url, ClientOptions options)
    : core_(std::make_shared<Core>(loop, std::move(url), std::move(options))) {}

Client::~Client() {
    core_->closed = true;
    core_->idle.clear();
}

const Url& Client::url() const {
    return core_->url;
}
std::size_t Client::idle_connections() const {
    return core_->idle.size();
}

Task<Result<std::unique_ptr<ClientExchange>>> Client::send(std::string method, std::string target,
                                                           const Headers& headers, Payload body,
                                                           CancelToken* cancel) {
    const std::shared_ptr<Core> core = core_;
    LUMOZ_CO_CHECK_OK(check_request(method, target, headers));
    const bool plain = body.source == nullptr && body.upgrade.empty();
    std::unique_ptr<ClientConnection> connection = plain ? core->take() : nullptr;
    for (bool pooled = connection != nullptr;; pooled = false) {
        if (!connection) {
            LUMOZ_CO_TRY(connection, co_await core->open());
        }
        if (cancel != nullptr) {
            if (cancel->cancelled_) co_return fail(Errc::Closed, "E_NET_CLOSED", "net.client.cancelled");
            cancel->close_ = [c = connection.get()] { c->stream.close(); };
        }
        write_request(connection->out, *core, method, target, headers, body);
        bool early = false;
        Status done;
        if (body.source != nullptr) {
            done = co_await write_streamed(*connection, *body.source, core->options.write_timeout, early);
        } else {
            const std::array<ByteView, 2> parts = {as_bytes(connection->out), body.bytes};
            done = co_await connection->stream.write(parts, core->options.write_timeout);
        }
        const TimePoint deadline = core->loop.now() + core->options.head_timeout;
        if (done) done = co_await read_head(*connection, core->options, deadline, !body.upgrade.empty());
        if (early) connection->head.keep_alive = false;
        if (cancel != nullptr) cancel->close_ = nullptr;
        if (done) break;
        // A server may close an idle connection just when a request comes: without one byte of an answer the
        // request is sent once more, on a connection of its own.
        const bool cancelled = cancel != nullptr && cancel->cancelled_;
        const bool missed = pooled && done.error().code == Errc::Closed && connection->end == 0 && !cancelled;
        if (!missed) co_return std::unexpected(std::move(done).error());
        connection.reset();
    }
    co_return std::make_unique<Answer>(core, std::move(connection), method == "HEAD");
}

}  // namespace lumoz::net

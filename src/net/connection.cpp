// SPDX-License-Identifier: Apache-2.0
// Reading requests, and the life of a connection. Writing answers: connection_write.cpp.
#include "net/connection.hpp"

#include <algorithm>

namespace lumoz::net {

namespace {

constexpr std::size_t kFirstBuffer = std::size_t{8} << 10;
constexpr std::size_t kBodyStep = std::size_t{64} << 10;
constexpr std::size_t kLingerBytes = std::size_t{1} << 20;
constexpr std::chrono::milliseconds kLingerTime{1000};

int status_of(const Error& error) {
    switch (error.code) {
        case Errc::Malformed:
            return 400;
        case Errc::Limit:
            return 431;
        case Errc::Timeout:
            return 408;
        case Errc::Unsupported:
            return error.rule == "E_HTTP_VERSION" ? 505 : 501;
        default:
            return 0;
    }
}

}  // namespace

Connection::Connection(std::shared_ptr<Server::Core> server, Stream stream)
    : server_(std::move(server)), stream_(std::move(stream)) {
    next = server_->connections;
    link = &server_->connections;
    if (next != nullptr) next->link = &next;
    server_->connections = this;
    server_->stats.open.fetch_add(1, std::memory_order_relaxed);
    server_->options.open_together->fetch_add(1, std::memory_order_relaxed);
}

Connection::~Connection() {
    *link = next;
    if (next != nullptr) next->link = link;
    server_->stats.open.fetch_sub(1, std::memory_order_relaxed);
    server_->options.open_together->fetch_sub(1, std::memory_order_relaxed);
    if (buffers_) server_->give_buffers(std::move(buffers_));
}

Task<void> Connection::run() {
    // The server can get another context while this handshake goes on.
    if (const std::shared_ptr<const TlsContext> tls = server_->options.tls) {
        const TimePoint deadline = loop().now() + server_->limits.head_timeout;
        tls_spki_ = tls->spki_sha256();
        const Status done = co_await stream_.tls_accept(*tls, deadline);
        if (!done) co_return;
    }
    for (;;) {
        const Status ready = co_await next_request();
        if (!ready) {
            co_await refuse(ready.error());
            break;
        }
        server_->stats.requests.fetch_add(1, std::memory_order_relaxed);
        co_await server_->handler.handle(*this);
        const bool again = co_await end_exchange();
        if (!again) break;
    }
    if (linger_) co_await linger();
    stream_.close();
}

bool Connection::tls_key_is_old() const {
    return tls_spki_ && *tls_spki_ != server_->options.tls->spki_sha256();
}

void Connection::cut() {
    stream_.close();
    if (!idle_) tell_later();
}

/// Waits without buffers until there is a byte to read, and reads.
Task<Status> Connection::first_byte() {
    const TimePoint deadline = loop().now() + server_->limits.idle_timeout;
    begin_ = end_ = 0;
    for (;;) {
        if (server_->draining) stream_.close();
        if (!buffers_) buffers_ = server_->take_buffers();
        (void)has_room();
        LUMOZ_CO_TRY(const std::optional<std::size_t> got, stream_.try_read(buffers_->in));
        if (got && *got == 0) break;
        if (got) {
            end_ = *got;
            co_return Status{};
        }
        server_->give_buffers(std::move(buffers_));
        idle_ = true;
        const Status ready = co_await stream_.wait_readable(deadline);
        idle_ = false;
        if (!ready) break;
    }
    // Idle connections end without a word.
    co_return fail(Errc::Closed, "E_NET_CLOSED", "net.server.idle");
}

Task<Status> Connection::next_request() {
    if (begin_ == end_) {
        LUMOZ_CO_CHECK_OK(co_await first_byte());
    }
    start_exchange();
    const TimePoint deadline = loop().now() + server_->limits.head_timeout;
    std::size_t from = 0;
    bool skipped_empty_line = false;
    for (;;) {
        // One empty line before a request is ignored (RFC 9112 2.2).
        if (!skipped_empty_line && as_text(unread()).starts_with("\r\n")) {
            skipped_empty_line = true;
            begin_ += 2;
            from = 0;
        }
        LUMOZ_CO_TRY(const std::optional<std::size_t> found,
                     find_head(as_text(unread()), from, server_->limits.head));
        if (found) {
            const ByteView head = unread().first(*found);
            LUMOZ_CO_CHECK_OK(parse_request_head(as_text(head), server_->limits.head, buffers_->head));
            begin_ += head.size();
            body_done_ = !buffers_->head.has_body();
            co_return Status{};
        }
        LUMOZ_CO_CHECK_OK(co_await read_more(deadline));
    }
}

void Connection::start_exchange() {
    answer_ = Answer::None;
    sent_ = 0;
    body_read_ = 0;
    decoder_ = {};
    length_.reset();
    keep_ = true;
    body_done_ = true;
    gone_fn_ = nullptr;
    buffers_->out.clear();
    buffers_->body.clear();
}

/// Makes room behind the unread input; false when the bound is reached.
bool Connection::has_room() {
    Bytes& in = buffers_->in;
    if (end_ < in.size()) return true;
    if (begin_ > 0) {
        std::copy(in.begin() + static_cast<std::ptrdiff_t>(begin_),
                  in.begin() + static_cast<std::ptrdiff_t>(end_), in.begin());
        end_ -= begin_;
        begin_ = 0;
        return true;
    }
    const std::size_t bound = std::max(server_->limits.head.bytes, server_->limits.read_ahead);
    if (in.size() >= bound) return false;
    in.resize(std::min(bound, std::max(kFirstBuffer, in.size() * 2)));
    return true;
}

/// Reads at least one byte into the input buffer.
Task<Status> Connection::read_more(TimePoint deadline) {
    if (!has_room()) co_return fail(Errc::Limit, "E_HTTP_HEAD_TOO_LARGE", "net.server.input");
    const std::span<std::uint8_t> room = std::span(buffers_->in).subspan(end_);
    LUMOZ_CO_TRY(const std::size_t got, co_await stream_.read_some(room, deadline));
    if (got == 0) co_return fail(Errc::Closed, "E_NET_CLOSED", "net.server.read");
    end_ += got;
    co_return Status{};
}

Task<Status> Connection::send_continue() {
    buffers_->head.expect_continue = false;
    const std::array<ByteView, 1> parts = {as_bytes("HTTP/1.1 100 Continue\r\n\r\n")};
    co_return co_await send(parts);
}

/// Holds the announced length to the bound, and lets a client send that waits to be told.
Task<Status> Connection::expect_body(std::size_t max_bytes) {
    const RequestHead& request = buffers_->head;
    if (request.content_length.value_or(0) > max_bytes)
        co_return fail(Errc::Limit, "E_HTTP_BODY_TOO_LARGE", "net.server.content_length");
    if (request.expect_continue && begin_ == end_ && answer_ == Answer::None)
        co_return co_await send_continue();
    co_return Status{};
}

Task<Result<ByteView>> Connection::read_body(std::size_t max_bytes) {
    if (body_done_) co_return ByteView(buffers_->body);
    LUMOZ_CO_CHECK_OK(co_await expect_body(max_bytes));
    const TimePoint deadline = loop().now() + server_->limits.body_timeout;
    const RequestHead& request = buffers_->head;
    if (request.chunked) {
        LUMOZ_CO_CHECK_OK(co_await read_chunked(max_bytes, deadline));
    } else {
        LUMOZ_CO_CHECK_OK(co_await read_counted(*request.content_length, deadline));
    }
    body_done_ = true;
    co_return ByteView(buffers_->body);
}

Task<Status> Connection::read_counted(std::uint64_t length, TimePoint deadline) {
    Bytes& body = buffers_->body;
    const auto size = static_cast<std::size_t>(length);
    const std::size_t buffered = std::min(size, end_ - begin_);
    append(body, unread().first(buffered));
    begin_ += buffered;
    while (body.size() < size) {
        // Memory follows what came, not what was announced.
        const std::size_t have = body.size();
        body.resize(std::min(size, have + kBodyStep));
        const std::span<std::uint8_t> room = std::span(body).subspan(have);
        auto got = co_await stream_.read_some(room, deadline);
        body.resize(have + got.value_or(0));
        if (!got) co_return std::unexpected(std::move(got).error());
        if (*got == 0) co_return fail(Errc::Closed, "E_NET_CLOSED", "net.server.body");
    }
    co_return Status{};
}

Task<Status> Connection::read_chunked(std::size_t max_bytes, TimePoint deadline) {
    for (;;) {
        LUMOZ_CO_TRY(const ByteView piece, co_await next_chunked(max_bytes, deadline));
        if (piece.empty()) co_return Status{};
        append(buffers_->body, piece);
    }
}

Task<Result<ByteView>> Connection::read_body_some(std::size_t max_bytes, TimePoint deadline) {
    if (body_done_) co_return ByteView();
    LUMOZ_CO_CHECK_OK(co_await expect_body(max_bytes));
    if (buffers_->head.chunked) co_return co_await next_chunked(max_bytes, deadline);
    co_return co_await next_counted(deadline);
}

Task<Result<ByteView>> Connection::next_counted(TimePoint deadline) {
    const std::uint64_t left = buffers_->head.content_length.value_or(0) - body_read_;
    ByteView piece;
    if (begin_ < end_) {
        piece = unread().first(static_cast<std::size_t>(std::min<std::uint64_t>(left, end_ - begin_)));
        begin_ += piece.size();
    } else {
        Bytes& body = buffers_->body;
        body.resize(kBodyStep);
        const std::span<std::uint8_t> room(
            body.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left, kBodyStep)));
        LUMOZ_CO_TRY(const std::size_t got, co_await stream_.read_some(room, deadline));
        if (got == 0) co_return fail(Errc::Closed, "E_NET_CLOSED", "net.server.body");
        piece = room.first(got);
    }
    body_read_ += piece.size();
    body_done_ = body_read_ == *buffers_->head.content_length;
    co_return piece;
}

Task<Result<ByteView>> Connection::next_chunked(std::size_t max_bytes, TimePoint deadline) {
    while (!decoder_.done()) {
        if (begin_ == end_) {
            LUMOZ_CO_CHECK_OK(co_await read_more(deadline));
        }
        LUMOZ_CO_TRY(const ChunkDecoder::Step step, decoder_.next(unread()));
        begin_ += step.used;
        body_read_ += step.data.size();
        if (body_read_ > max_bytes)
            co_return fail(Errc::Limit, "E_HTTP_BODY_TOO_LARGE", "net.server.chunked_body");
        if (!step.data.empty()) co_return step.data;
    }
    body_done_ = true;
    co_return ByteView();
}

/// Takes bytes of later requests while an answer is under way, so that the end of the stream behind them is
/// seen. False ends the watch.
bool Connection::read_ahead() {
    for (;;) {
        if (end_ - begin_ >= server_->limits.read_ahead || !has_room()) return false;
        const std::size_t bound = server_->limits.read_ahead - (end_ - begin_);
        const std::span<std::uint8_t> room = std::span(buffers_->in).subspan(end_);
        const auto got = stream_.try_read(room.first(std::min(room.size(), bound)));
        if (got && !*got) return true;
        if (!got || **got == 0) {
            tell_gone();
            return false;
        }
        end_ += **got;
    }
}

/// The function may end the handler and with it this object: nothing is touched after it.
void Connection::tell_gone() {
    tell_ = false;
    if (!gone_) server_->stats.peer_gone.fetch_add(1, std::memory_order_relaxed);
    gone_ = true;
    std::move_only_function<void()> fn = std::move(gone_fn_);
    gone_fn_ = nullptr;
    if (fn) fn();
}

/// For callers inside a coroutine or a walk over the connections. If the exchange ends first, nobody is told.
void Connection::tell_later() {
    tell_ = true;
    server_->tell_soon();
}

void Connection::on_peer_gone(std::move_only_function<void()> fn) {
    gone_fn_ = std::move(fn);
    if (!gone_fn_) {
        stream_.watch({});
        return;
    }
    if (gone_ || !stream_.is_open()) {
        tell_later();
        return;
    }
    stream_.watch([this] { return read_ahead(); });
}

/// Says what is wrong with a request that cannot be handled, if there is somebody to say it to.
Task<void> Connection::refuse(Error error) {
    if (error.code == Errc::Timeout) server_->stats.timeouts.fetch_add(1, std::memory_order_relaxed);
    const int status = status_of(error);
    if (status == 0 || !buffers_) co_return;
    if (error.code != Errc::Timeout) server_->stats.bad_requests.fetch_add(1, std::memory_order_relaxed);
    buffers_->head.method = "GET";
    buffers_->head.keep_alive = false;
    linger_ = true;
    const std::string body = server_->handler.error_body(status);
    // Clients of OpenAI's kind repeat 408 and 5xx by themselves; only the first is worth it here.
    const Headers headers{{"Content-Type", "application/json"},
                          {"x-should-retry", status == 408 ? "true" : "false"}};
    (void)co_await respond(status, headers, as_bytes(body));
}

/// True when another request can follow.
Task<bool> Connection::end_exchange() {
    gone_fn_ = nullptr;
    stream_.watch({});
    if (answer_ == Answer::None && stream_.is_open()) {
        const std::string body = server_->handler.error_body(500);
        const Headers headers{{"Content-Type", "application/json"}, {"x-should-retry", "false"}};
        keep_ = false;
        (void)co_await respond(500, headers, as_bytes(body));
    }
    if (answer_ != Answer::Finished) {
        stream_.reset();
        co_return false;
    }
    linger_ = !body_done_;
    co_return keep_ && !gone_ && stream_.is_open();
}

/// Waits for the client to read an answer that came before its request ended: closing with unread input
/// would make the kernel throw the answer away.
Task<void> Connection::linger() {
    stream_.shutdown_write();
    const TimePoint deadline = loop().now() + kLingerTime;
    buffers_->in.resize(std::max(buffers_->in.size(), kFirstBuffer));
    std::size_t total = 0;
    while (total < kLingerBytes) {
        const auto got = co_await stream_.read_some(buffers_->in, deadline);
        if (!got || *got == 0) break;
        total += *got;
    }
}

}  // namespace lumoz::net

// SPDX-License-Identifier: Apache-2.0
// Writing answers. Reading requests: connection.cpp.
#include "net/chunk_size.hpp"
#include "net/connection.hpp"

#include <array>
#include <charconv>

namespace lumoz::net {

namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n";

void append_number(std::string& out, std::uint64_t value) {
    std::array<char, 24> digits{};
    char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append(kCrlf);
}

bool has_no_body(int status) {
    return status < 200 || status == 204 || status == 304;
}

}  // namespace

void Connection::write_head(int status, const Headers& headers, std::optional<std::uint64_t> length) {
    const RequestHead& request = buffers_->head;
    const bool bodiless = has_no_body(status);
    length_ = length;
    coding_ = length ? Coding::Length : request.http11 ? Coding::Chunked : Coding::UntilClose;
    keep_ = keep_ && request.keep_alive && body_done_ && !server_->draining && !tls_key_is_old();
    if (coding_ == Coding::UntilClose && !bodiless) keep_ = false;

    std::string& out = buffers_->out;
    out.assign("HTTP/1.1 ");
    append_number(out, static_cast<std::uint64_t>(status));
    out.append(" ").append(reason_phrase(status)).append(kCrlf);
    append_field(out, "Date", loop().http_date());
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const HeaderView field = headers[i];
        append_field(out, field.name, field.value);
    }
    if (!bodiless && coding_ == Coding::Length) {
        out.append("Content-Length: ");
        append_number(out, *length);
        out.append(kCrlf);
    }
    if (!bodiless && coding_ == Coding::Chunked) append_field(out, "Transfer-Encoding", "chunked");
    if (!keep_) append_field(out, "Connection", "close");
    if (keep_ && !request.http11) append_field(out, "Connection", "keep-alive");
    out.append(kCrlf);
    if (bodiless || request.method == "HEAD") coding_ = Coding::NoBody;
}

Status Connection::begin(int status, const Headers& headers, std::optional<std::uint64_t> length) {
    if (answer_ != Answer::None) return fail(Errc::Usage, "E_HTTP_ANSWER", "net.server.begin");
    for (std::size_t i = 0; i < headers.size(); ++i) {
        if (!is_sendable(headers[i])) return fail(Errc::Usage, "E_HTTP_HEADER", "net.server.begin");
    }
    write_head(status, headers, length);
    answer_ = Answer::Begun;
    return {};
}

/// The head, if it still is here; empty otherwise.
ByteView Connection::take_head() {
    if (answer_ != Answer::Begun) return {};
    answer_ = Answer::HeadSent;
    return as_bytes(buffers_->out);
}

Task<Status> Connection::send(std::span<const ByteView> parts) {
    std::size_t total = 0;
    for (const ByteView& part : parts) {
        total += part.size();
    }
    auto sent = stream_.try_write(parts);
    if (sent && *sent == total) co_return Status{};
    Status done;
    if (sent) {
        done = co_await stream_.write_rest(parts, *sent, server_->limits.write_timeout);
    } else {
        done = std::unexpected(std::move(sent).error());
    }
    if (done) co_return done;
    if (done.error().code == Errc::Timeout) {
        server_->stats.slow_readers.fetch_add(1, std::memory_order_relaxed);
        stream_.reset();
    } else {
        stream_.close();
    }
    gone_ = true;
    answer_ = Answer::Aborted;
    co_return done;
}

/// Holds the answer to the length that was announced.
Status Connection::count(std::size_t bytes, bool last) {
    if (answer_ == Answer::Aborted || gone_) return fail(Errc::Closed, "E_NET_CLOSED", "net.server.write");
    if (answer_ != Answer::Begun && answer_ != Answer::HeadSent) {
        return fail(Errc::Usage, "E_HTTP_ANSWER", "net.server.write");
    }
    sent_ += bytes;
    if (!length_ || coding_ == Coding::NoBody) return {};
    if (sent_ > *length_ || (last && sent_ != *length_)) {
        abort();
        return fail(Errc::Usage, "E_HTTP_LENGTH", "net.server.write");
    }
    return {};
}

Task<Status> Connection::flush_head() {
    LUMOZ_CO_CHECK_OK(count(0, false));
    const std::array<ByteView, 1> parts = {take_head()};
    co_return co_await send(parts);
}

Task<Status> Connection::write(ByteView piece) {
    LUMOZ_CO_CHECK_OK(count(piece.size(), false));
    if (piece.empty()) co_return Status{};
    const ByteView head = take_head();
    if (coding_ == Coding::NoBody) {
        const std::array<ByteView, 1> parts = {head};
        co_return co_await send(parts);
    }
    if (coding_ != Coding::Chunked) {
        const std::array<ByteView, 2> parts = {head, piece};
        co_return co_await send(parts);
    }
    const ChunkSize size(piece.size());
    const std::array<ByteView, 4> parts = {head, size.view(), piece, as_bytes(kCrlf)};
    co_return co_await send(parts);
}

Task<Status> Connection::finish(ByteView last, const Headers* trailers) {
    LUMOZ_CO_CHECK_OK(count(last.size(), true));
    const ByteView head = take_head();
    const ChunkSize size(last.size());
    std::array<ByteView, 7> parts = {head};
    std::string tail;
    if (coding_ == Coding::Chunked) {
        if (!last.empty()) {
            parts[1] = size.view();
            parts[2] = last;
            parts[3] = as_bytes(kCrlf);
        }
        parts[4] = as_bytes(kLastChunk);
        for (std::size_t i = 0; trailers != nullptr && i < trailers->size(); ++i) {
            if (is_sendable((*trailers)[i])) append_field(tail, (*trailers)[i].name, (*trailers)[i].value);
        }
        parts[5] = as_bytes(tail);
        parts[6] = as_bytes(kCrlf);
    } else if (coding_ != Coding::NoBody) {
        parts[1] = last;
    }
    LUMOZ_CO_CHECK_OK(co_await send(parts));
    answer_ = Answer::Finished;
    co_return Status{};
}

Task<Status> Connection::respond(int status, const Headers& headers, ByteView body) {
    LUMOZ_CO_CHECK_OK(begin(status, headers, body.size()));
    if (coding_ == Coding::NoBody) body = {};
    const std::array<ByteView, 2> parts = {take_head(), body};
    LUMOZ_CO_CHECK_OK(co_await send(parts));
    answer_ = Answer::Finished;
    co_return Status{};
}

void Connection::abort() {
    answer_ = Answer::Aborted;
    // With a length or chunks the client sees that the end is missing; otherwise only a reset tells.
    if (coding_ == Coding::UntilClose) {
        stream_.reset();
    } else {
        stream_.close();
    }
}

}  // namespace lumoz::net

// SPDX-License-Identifier: Apache-2.0
#include "net/http.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>

namespace lumoz::net {
namespace http = boost::beast::http;

namespace {

using ErrorCode = boost::beast::error_code;
using Text = boost::beast::string_view;

std::string_view view(Text text) {
    return {text.data(), text.size()};
}

/// Beast's parser, used for one complete head; bodies are taken apart here.
template <bool kRequest>
class HeadParser final : public http::basic_parser<kRequest> {
public:
    HeadParser(std::conditional_t<kRequest, RequestHead, ResponseHead>& out, std::size_t max_fields)
        : out_(out), max_fields_(max_fields) {
        this->skip(true);
        this->header_limit(0xffffffff);
        this->body_limit(boost::none);
    }

private:
    void on_request_impl(http::verb, Text method, Text target, int version, ErrorCode&) override {
        if constexpr (kRequest) {
            out_.method.assign(method.data(), method.size());
            out_.target.assign(target.data(), target.size());
            out_.http11 = version == 11;
        }
    }
    void on_response_impl(int status, Text, int version, ErrorCode&) override {
        if constexpr (!kRequest) {
            out_.status = status;
            out_.http11 = version == 11;
        }
    }
    void on_field_impl(http::field, Text name, Text value, ErrorCode& error) override {
        if (out_.headers.size() == max_fields_) {
            error = http::error::header_limit;
            return;
        }
        out_.headers.add(view(name), view(value));
    }
    void on_header_impl(ErrorCode&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCode&) override {}
    std::size_t on_body_impl(Text, ErrorCode&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text, ErrorCode&) override { return 0; }
    void on_finish_impl(ErrorCode&) override {}

    std::conditional_t<kRequest, RequestHead, ResponseHead>& out_;
    std::size_t max_fields_;
};

/// No line begins with white space (obs-fold), no CR stands alone, no NUL.
bool lines_are_strict(std::string_view head) {
    if (head.contains('\0')) return false;
    for (std::size_t at = head.find('\r'); at != std::string_view::npos; at = head.find('\r', at + 1)) {
        if (at + 1 == head.size() || head[at + 1] != '\n') return false;
        if (at + 2 < head.size() && (head[at + 2] == ' ' || head[at + 2] == '\t')) return false;
    }
    return true;
}

std::unexpected<Error> framing(std::string_view where) {
    return fail(Errc::Malformed, "E_HTTP_FRAMING", where);
}

/// Content-Length, Transfer-Encoding and Connection, each with one possible reading.
template <class Head>
Status read_framing(Head& head) {
    head.chunked = false;
    head.content_length.reset();
    const std::size_t lengths = head.headers.count("content-length");
    const std::size_t codings = head.headers.count("transfer-encoding");
    if (lengths > 1) return framing("net.http.content_length_twice");
    if (codings > 1) return framing("net.http.transfer_encoding_twice");
    if (lengths + codings > 1) return framing("net.http.length_and_encoding");
    if (codings == 1) {
        if (!head.http11) return framing("net.http.encoding_in_1_0");
        if (!iequals(head.headers.get("transfer-encoding"), "chunked")) {
            return fail(Errc::Unsupported, "E_HTTP_ENCODING", "net.http.transfer_encoding");
        }
        head.chunked = true;
    }
    if (lengths == 1) {
        const std::string_view text = head.headers.get("content-length");
        const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
        if (!digits || text.empty() || text.size() > 18) return framing("net.http.content_length");
        std::uint64_t value = 0;
        for (const char c : text) {
            value = value * 10 + static_cast<std::uint64_t>(c - '0');
        }
        head.content_length = value;
    }
    bool close = false;
    bool keep = false;
    for (std::size_t i = 0; i < head.headers.size(); ++i) {
        const HeaderView field = head.headers[i];
        if (!iequals(field.name, "connection")) continue;
        close = close || has_token(field.value, "close");
        keep = keep || has_token(field.value, "keep-alive");
    }
    head.keep_alive = !close && (head.http11 || keep);
    return {};
}

/// Beast's reason as ours.
Status parse_error(const ErrorCode& error, std::string_view rule) {
    if (error == http::error::header_limit) {
        return fail(Errc::Limit, "E_HTTP_HEAD_TOO_LARGE", "net.http.fields");
    }
    if (error == http::error::bad_version)
        return fail(Errc::Unsupported, "E_HTTP_VERSION", "net.http.version");
    // Beast finds these first; the rule is the one that `read_framing` states.
    if (error == http::error::bad_content_length || error == http::error::multiple_content_length ||
        error == http::error::bad_transfer_encoding) {
        return framing("net.http.length_and_encoding");
    }
    return fail(Errc::Malformed, rule, "net.http.head", "parser reason " + std::to_string(error.value()));
}

template <bool kRequest, class Head>
Status parse_head(std::string_view text, const HeadLimits& limits, Head& out) {
    constexpr std::string_view kRule = kRequest ? "E_HTTP_REQUEST" : "E_HTTP_RESPONSE";
    out.headers.clear();
    if (text.size() > limits.bytes) return fail(Errc::Limit, "E_HTTP_HEAD_TOO_LARGE", "net.http.bytes");
    if (!lines_are_strict(text)) return fail(Errc::Malformed, kRule, "net.http.lines");
    HeadParser<kRequest> parser(out, limits.fields);
    ErrorCode error;
    const std::size_t used = parser.put(boost::asio::const_buffer(text.data(), text.size()), error);
    if (error) return parse_error(error, kRule);
    if (used != text.size() || !parser.is_header_done()) return fail(Errc::Malformed, kRule, "net.http.head");
    return read_framing(out);
}

/// `http://host/path` becomes `/path` (RFC 9112 3.2.2).
void to_origin_form(std::string& target) {
    const std::size_t scheme = target.find("://");
    if (scheme == std::string::npos || target.starts_with('/')) return;
    const std::size_t slash = target.find('/', scheme + 3);
    target = slash == std::string::npos ? "/" : target.substr(slash);
}

int hex_value(std::uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// All extensions and trailers of one body together.
constexpr std::uint32_t kMaxChunkOverhead = 16384;

std::unexpected<Error> bad_chunk(std::string_view where) {
    return fail(Errc::Malformed, "E_HTTP_CHUNK", where);
}

}  // namespace

Result<std::optional<std::size_t>> find_head(std::string_view data, std::size_t& from,
                                             const HeadLimits& limits) {
    const std::string_view seen = data.substr(0, limits.bytes);
    for (std::size_t at = seen.find('\n', from); at != std::string_view::npos; at = seen.find('\n', at + 1)) {
        if (at == 0 || seen[at - 1] != '\r')
            return fail(Errc::Malformed, "E_HTTP_REQUEST", "net.http.bare_lf");
        if (at >= 3 && seen[at - 2] == '\n') return at + 1;
    }
    from = seen.size();
    if (data.size() >= limits.bytes) return fail(Errc::Limit, "E_HTTP_HEAD_TOO_LARGE", "net.http.bytes");
    return std::nullopt;
}

Status parse_request_head(std::string_view head, const HeadLimits& limits, RequestHead& out) {
    LUMOZ_CHECK_OK(parse_head<true>(head, limits, out));
    const std::size_t hosts = out.headers.count("host");
    if (hosts > 1 || (out.http11 && hosts == 0)) {
        return fail(Errc::Malformed, "E_HTTP_REQUEST", "net.http.host");
    }
    to_origin_form(out.target);
    if (!out.target.starts_with('/') && !(out.target == "*" && out.method == "OPTIONS")) {
        return fail(Errc::Malformed, "E_HTTP_REQUEST", "net.http.target");
    }
    out.expect_continue = out.http11 && iequals(out.headers.get("expect"), "100-continue");
    return {};
}

Status parse_response_head(std::string_view head, const HeadLimits& limits, ResponseHead& out) {
    if (!head.starts_with("HTTP/")) return fail(Errc::Malformed, "E_HTTP_RESPONSE", "net.http.status_line");
    return parse_head<false>(head, limits, out);
}

Result<ChunkDecoder::Step> ChunkDecoder::next(ByteView input) {
    Step step;
    while (step.used < input.size() && state_ != State::Done) {
        if (state_ != State::Data) {
            LUMOZ_CHECK_OK(control(input[step.used++]));
            continue;
        }
        const std::size_t there = input.size() - step.used;
        const std::size_t take = left_ < there ? static_cast<std::size_t>(left_) : there;
        step.data = input.subspan(step.used, take);
        step.used += take;
        left_ -= take;
        if (left_ == 0) state_ = State::DataCr;
        break;
    }
    return step;
}

Status ChunkDecoder::control(std::uint8_t byte) {
    const bool is_text = byte >= 0x20 || byte == '\t';
    switch (state_) {
        case State::Size: {
            if (const int digit = hex_value(byte); digit >= 0) {
                if (++digits_ > 15) return bad_chunk("net.chunk.size_digits");
                left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
                return {};
            }
            if (digits_ == 0 || (byte != ';' && byte != '\r')) return bad_chunk("net.chunk.size");
            state_ = byte == ';' ? State::Extension : State::SizeLf;
            return {};
        }
        case State::Extension:
        case State::Trailer:
            if (++overhead_ > kMaxChunkOverhead) return bad_chunk("net.chunk.overhead");
            if (byte == '\r') {
                state_ = state_ == State::Extension ? State::SizeLf : State::TrailerLf;
                return {};
            }
            if (!is_text) return bad_chunk("net.chunk.control_byte");
            line_empty_ = false;
            return {};
        case State::SizeLf:
            if (byte != '\n') return bad_chunk("net.chunk.size_end");
            state_ = left_ == 0 ? State::Trailer : State::Data;
            digits_ = 0;
            line_empty_ = true;
            return {};
        case State::DataCr:
            if (byte != '\r') return bad_chunk("net.chunk.data_end");
            state_ = State::DataLf;
            return {};
        case State::DataLf:
            if (byte != '\n') return bad_chunk("net.chunk.data_end");
            state_ = State::Size;
            return {};
        case State::TrailerLf:
            if (byte != '\n') return bad_chunk("net.chunk.trailer_end");
            state_ = line_empty_ ? State::Done : State::Trailer;
            line_empty_ = true;
            return {};
        case State::Data:
        case State::Done:
            break;
    }
    return bad_chunk("net.chunk.state");
}

}  // namespace lumoz::net

// SPDX-License-Identifier: Apache-2.0
#include "simtee/http_request.hpp"

#include "base/json.hpp"

#include <charconv>

namespace lumoz::simtee {
namespace {

constexpr std::string_view kEndOfLine = "\r\n";
constexpr std::string_view kEndOfHead = "\r\n\r\n";

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(
        out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}
std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

/// What the head says besides the request line.
struct Head {
    std::size_t length = 0;
    bool have_length = false;
};

std::optional<HttpFault> read_request_line(std::string_view line, HttpRequest& request) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return HttpFault{400, "no request line"};
    const std::string_view version = line.substr(last + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return HttpFault{400, "HTTP/1.1 wanted"};
    request.keep_alive = version == "HTTP/1.1";
    request.method = line.substr(0, first);
    std::string_view target = line.substr(first + 1, last - first - 1);
    // The absolute form (RFC 9112 3.2.2), as some SDKs send it to a socket: the authority is no matter here.
    if (target.starts_with("http://")) target.remove_prefix(std::min(target.find('/', 7), target.size()));
    if (!target.starts_with('/') || target.find(' ') != std::string_view::npos) {
        return HttpFault{400, "no path"};
    }
    const std::size_t mark = std::min(target.find('?'), target.size());
    request.path = target.substr(0, mark);
    request.query = mark == target.size() ? std::string_view() : target.substr(mark + 1);
    return std::nullopt;
}

std::optional<HttpFault> read_field(std::string_view line, HttpRequest& request, Head& head) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || line.front() == ' ' || line.front() == '\t' ||
        line[colon - 1] == ' ') {
        return HttpFault{400, "a header field out of form"};
    }
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (name == "transfer-encoding") return HttpFault{411, "Content-Length wanted"};
    if (name == "connection") request.keep_alive = request.keep_alive && lower(value) != "close";
    if (name != "content-length") return std::nullopt;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), head.length);
    if (head.have_length || value.empty() || end != value.data() + value.size() ||
        (error != std::errc() && error != std::errc::result_out_of_range)) {
        return HttpFault{400, "Content-Length out of form"};
    }
    if (error != std::errc() || head.length > HttpRequestParser::kMaxBody) {
        return HttpFault{413, "body over 65536 bytes"};
    }
    head.have_length = true;
    return std::nullopt;
}

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 411:
            return "Length Required";
        case 413:
            return "Content Too Large";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        default:
            return "Error";
    }
}

}  // namespace

std::expected<std::optional<HttpRequest>, HttpFault> HttpRequestParser::next() {
    const std::size_t head_end = pending_.find(kEndOfHead);
    // Without its end, a head may still be followed by all of the end but one byte.
    if (head_end == std::string::npos ? pending_.size() >= kMaxHead + kEndOfHead.size()
                                      : head_end > kMaxHead) {
        return std::unexpected(HttpFault{431, "head over 16384 bytes"});
    }
    if (head_end == std::string::npos) return std::optional<HttpRequest>();
    std::string_view rest = std::string_view(pending_).substr(0, head_end);
    HttpRequest request;
    Head head;
    std::size_t line_end = std::min(rest.find(kEndOfLine), rest.size());
    if (const auto fault = read_request_line(rest.substr(0, line_end), request))
        return std::unexpected(*fault);
    while (line_end < rest.size()) {
        rest.remove_prefix(line_end + kEndOfLine.size());
        line_end = std::min(rest.find(kEndOfLine), rest.size());
        if (const auto fault = read_field(rest.substr(0, line_end), request, head)) {
            return std::unexpected(*fault);
        }
    }
    const std::size_t body_begin = head_end + kEndOfHead.size();
    if (pending_.size() - body_begin < head.length) return std::optional<HttpRequest>();
    request.body = pending_.substr(body_begin, head.length);
    pending_.erase(0, body_begin + head.length);
    return std::optional<HttpRequest>(std::move(request));
}

std::string http_answer(int status, std::string_view json, bool keep_alive) {
    std::string out = "HTTP/1.1 " + std::to_string(status) + " ";
    out.append(reason(status)).append("\r\nContent-Type: application/json\r\nContent-Length: ");
    out.append(std::to_string(json.size()));
    out.append(keep_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n").append(json);
    return out;
}

std::string error_json(std::string_view text) {
    return "{\"error\":" + json::quoted(text) + "}";
}

}  // namespace lumoz::simtee

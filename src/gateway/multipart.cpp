// SPDX-License-Identifier: Apache-2.0
#include "gateway/multipart.hpp"

#include "gateway/media_type.hpp"
#include "net/http.hpp"

#include <algorithm>

namespace lumoz::gateway {
namespace {

constexpr std::string_view kDisposition = "content-disposition:";

bool is_boundary_char(char c) {
    const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c != '\0' && std::string_view("'()+_,-./:=? ").contains(c));
}

/// The name of the part with this head, unless it is a file or has no readable name.
std::optional<std::string> field_name(std::string_view head) {
    std::optional<std::string> name;
    while (!head.empty()) {
        const std::size_t end = std::min(head.find("\r\n"), head.size());
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(std::min(end + 2, head.size()));
        if (!net::iequals(line.substr(0, kDisposition.size()), kDisposition)) continue;
        const std::string_view value = line.substr(kDisposition.size());
        if (name || !is_media_type(value, "form-data") || media_parameter(value, "filename") ||
            media_parameter(value, "filename*"))
            return std::nullopt;
        name = media_parameter(value, "name");
    }
    return name;
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
    std::optional<std::string> boundary = media_parameter(content_type, "boundary");
    if (!boundary || boundary->empty() || boundary->size() > 70 || boundary->ends_with(' ') ||
        !std::ranges::all_of(*boundary, is_boundary_char))
        return std::nullopt;
    return boundary;
}

MultipartScanner::MultipartScanner(std::string_view boundary, std::string_view field, std::size_t max_value)
    : delimiter_("\r\n--" + std::string(boundary)), field_(field), max_value_(max_value) {}

void MultipartScanner::feed(ByteView bytes) {
    for (std::size_t i = 0; i < bytes.size() && !settled(); ++i) {
        if (state_ == State::Body && matched_ == 0 && !wanted_) {
            i += skip_body(bytes.subspan(i));
            if (i >= bytes.size()) break;
        }
        take(static_cast<char>(bytes[i]));
    }
}

void MultipartScanner::end() {
    if (!settled()) refuse();
}

/// How many bytes cannot be the begin of a delimiter.
std::size_t MultipartScanner::skip_body(ByteView bytes) {
    return std::min(as_text(bytes).find('\r'), bytes.size());
}

void MultipartScanner::take(char c) {
    switch (state_) {
        case State::Start:
            if (c != delimiter_[matched_]) return refuse();
            if (++matched_ == delimiter_.size()) state_ = State::Delimiter;
            return;
        case State::Delimiter:
            if (c == '-') {
                state_ = State::Close;
                return;
            }
            state_ = State::Padding;
            [[fallthrough]];
        case State::Padding:
            if (c == ' ' || c == '\t') return;
            if (c != '\r') return refuse();
            state_ = State::DelimiterLf;
            return;
        case State::Close:
            state_ = c == '-' ? State::Done : State::Malformed;
            return;
        case State::DelimiterLf:
            if (c != '\n') return refuse();
            state_ = State::Head;
            head_.clear();
            return;
        case State::Head:
            return take_head(c);
        case State::Body:
            return take_body(c);
        default:
            return;
    }
}

void MultipartScanner::take_head(char c) {
    head_.push_back(c);
    if (head_ == "\r\n" || head_.ends_with("\r\n\r\n")) return end_head();
    if (head_.size() >= kMaxHead) refuse();
}

void MultipartScanner::end_head() {
    wanted_ = field_name(head_) == field_;
    text_.clear();
    state_ = State::Body;
    // The empty line that ends a head can be the line end before a delimiter: an empty part.
    matched_ = 2;
}

// The delimiter has a CR at its begin only, so a failed match starts again at most with this byte.
void MultipartScanner::take_body(char c) {
    if (wanted_) text_.push_back(c);
    if (c == delimiter_[matched_]) {
        ++matched_;
    } else {
        matched_ = c == '\r' ? 1 : 0;
    }
    if (wanted_ && text_.size() > max_value_ + delimiter_.size()) return refuse();
    if (matched_ < delimiter_.size()) return;
    matched_ = 0;
    state_ = State::Delimiter;
    if (!wanted_) return;
    // An empty part's delimiter shares its line end with the head.
    text_.resize(text_.size() - std::min(text_.size(), delimiter_.size()));
    if (text_.size() > max_value_) return refuse();
    value_ = text_;
    state_ = State::Found;
}

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
#include "gateway/id_scanner.hpp"

namespace lumoz::gateway {
namespace {

constexpr bool is_id_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
}

bool is_id(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_id_char);
}

constexpr std::string_view kData = "data:";

}  // namespace

void IdScanner::feed(ByteView chunk) {
    for (std::size_t i = 0; i < chunk.size() && !done_; ++i) {
        const char c = static_cast<char>(chunk[i]);
        if (in_json_) {
            take_json(c);
        } else {
            take_sse(c);
        }
    }
}

// Reads up to the first `data:` line whose value begins with `{`; then the JSON reader goes on from there.
void IdScanner::take_sse(char c) {
    if (c == '\n' || c == '\r') {
        line_.clear();
        skip_line_ = false;
        return;
    }
    if (skip_line_) return;
    if (line_.size() < kData.size()) {
        line_.push_back(c);
        skip_line_ = !kData.starts_with(line_);
        return;
    }
    if (c == ' ') return;
    if (c != '{') {
        skip_line_ = true;
        return;
    }
    in_json_ = true;
    take_json(c);
}

void IdScanner::take_json(char c) {
    if (in_string_) {
        // A raw line end inside a string is no JSON; in SSE it is the end of the data line.
        if (c == '\n' || c == '\r') return give_up();
        return take_string(c);
    }
    switch (c) {
        case '"':
            in_string_ = true;
            clean_ = true;
            text_.clear();
            return;
        case '{':
        case '[':
            return open(c);
        case '}':
        case ']':
            return close();
        case ',':
            expect_key_ = true;
            return;
        case '\n':
        case '\r':
            // One SSE data line is one piece of JSON for us; the id of a peer's first event stands on it.
            if (mode_ == Mode::Sse) give_up();
            return;
        default:
            if (depth_ == 0 && c != ' ' && c != '\t') give_up();
            return;
    }
}

void IdScanner::take_string(char c) {
    if (escaped_) {
        escaped_ = false;
        return;
    }
    if (c == '\\') {
        escaped_ = true;
        clean_ = false;
        return;
    }
    if (c == '"') {
        in_string_ = false;
        return end_string();
    }
    if (text_.size() <= kMaxId) text_.push_back(c);
}

void IdScanner::end_string() {
    const bool here = depth_ == 1 || (wrapper_depth_ != 0 && depth_ == wrapper_depth_);
    if (!here) return;
    if (expect_key_) {
        expect_key_ = false;
        key_ = clean_ ? text_ : std::string();
        return;
    }
    if (key_ == "id") {
        if (clean_ && text_.size() <= kMaxId && is_id(text_)) id_ = text_;
        return give_up();
    }
    key_.clear();
}

void IdScanner::open(char c) {
    if (depth_ == 0 && c == '[') return give_up();
    const bool wraps = mode_ == Mode::Sse && depth_ == 1 && c == '{';
    if (wraps && (key_ == "response" || key_ == "message")) wrapper_depth_ = 2;
    key_.clear();
    expect_key_ = c == '{';
    if (++depth_ > kMaxDepth) give_up();
}

void IdScanner::close() {
    if (depth_ == 0) return give_up();
    if (depth_ == wrapper_depth_) wrapper_depth_ = 0;
    if (--depth_ == 0) give_up();
    expect_key_ = false;
    key_.clear();
}

}  // namespace lumoz::gateway

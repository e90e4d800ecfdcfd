// SPDX-License-Identifier: Apache-2.0
#include "tee/http_answer.hpp"

#include "base/trim.hpp"

#include <algorithm>
#include <charconv>

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.http";
constexpr std::string_view kEndOfLine = "\r\n";
constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr std::size_t kMaxLine = 256;  // of a chunk size with extensions, or of a trailer field
constexpr std::size_t kMaxTrailer = 4096;

std::unexpected<Error> no_answer(std::string detail) {
    return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere, std::move(detail));
}
std::unexpected<Error> too_large(std::string detail) {
    return fail(Errc::Limit, "E_TEE_TOO_LARGE", kWhere, std::move(detail));
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}
std::string_view trim(std::string_view text) {
    return trimmed(text, " \t");
}

/// All of `text` as a number in `base`; digits only.
bool to_number(std::string_view text, int base, std::size_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
    return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

Status HttpAnswerParser::feed(std::string_view bytes) {
    pending_.append(bytes);
    bool progress = true;
    while (progress && state_ != State::Done) {
        progress = false;
        LUMOZ_CHECK_OK(step(progress));
    }
    if (state_ == State::Done && !pending_.empty()) return no_answer("bytes behind the end of the answer");
    return {};
}

Status HttpAnswerParser::step(bool& progress) {
    switch (state_) {
        case State::Head: {
            const std::size_t end = pending_.find(kEndOfHead);
            // Without its end, a head may still be followed by all of the end but one byte.
            if (end == std::string::npos ? pending_.size() >= kMaxHead + kEndOfHead.size() : end > kMaxHead) {
                return too_large("head over " + std::to_string(kMaxHead) + " bytes");
            }
            if (end == std::string::npos) return {};
            LUMOZ_CHECK_OK(read_head(std::string_view(pending_).substr(0, end)));
            pending_.erase(0, end + kEndOfHead.size());
            progress = true;
            return {};
        }
        case State::Sized:
        case State::ChunkData:
            return read_sized(progress);
        case State::ChunkSize:
        case State::ChunkEnd:
        case State::Trailer:
            return read_line(progress);
        case State::Done:
            return {};
    }
    return {};
}

Status HttpAnswerParser::read_head(std::string_view head) {
    std::size_t line_end = std::min(head.find(kEndOfLine), head.size());
    const std::string_view first = head.substr(0, line_end);
    std::size_t status = 0;
    if (!(first.starts_with("HTTP/1.1 ") || first.starts_with("HTTP/1.0 ")) || first.size() < 12 ||
        (first.size() > 12 && first[12] != ' ') || !to_number(first.substr(9, 3), 10, status) ||
        status < 200 || status > 599) {
        return no_answer("no status line of a final answer");
    }
    answer_.status = static_cast<int>(status);
    while (line_end < head.size()) {
        head.remove_prefix(line_end + kEndOfLine.size());
        line_end = std::min(head.find(kEndOfLine), head.size());
        LUMOZ_CHECK_OK(read_field(head.substr(0, line_end)));
    }
    if (chunked_ == have_length_) return no_answer("want either Content-Length or chunked coding");
    state_ = chunked_ ? State::ChunkSize : (left_ == 0 ? State::Done : State::Sized);
    return {};
}

Status HttpAnswerParser::read_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || line.front() == ' ' || line.front() == '\t' ||
        line[colon - 1] == ' ') {
        return no_answer("a header field out of form");
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (same_name(name, "content-length")) {
        if (have_length_ || !to_number(value, 10, left_)) return no_answer("Content-Length out of form");
        if (left_ > max_body_) return too_large("body of " + std::to_string(left_) + " bytes");
        have_length_ = true;
    } else if (same_name(name, "transfer-encoding")) {
        if (chunked_ || !same_name(value, "chunked")) return no_answer("unknown transfer coding");
        chunked_ = true;
    }
    return {};
}

Status HttpAnswerParser::read_sized(bool& progress) {
    const std::size_t n = std::min(left_, pending_.size());
    answer_.body.append(pending_, 0, n);
    pending_.erase(0, n);
    left_ -= n;
    if (left_ != 0) return {};
    state_ = state_ == State::Sized ? State::Done : State::ChunkEnd;
    progress = true;
    return {};
}

Status HttpAnswerParser::read_line(bool& progress) {
    const std::size_t end = pending_.find(kEndOfLine);
    if (end == std::string::npos ? pending_.size() >= kMaxLine + kEndOfLine.size() : end > kMaxLine) {
        return no_answer("a line of the chunked coding is too long");
    }
    if (end == std::string::npos) return {};
    const std::string line = pending_.substr(0, end);
    pending_.erase(0, end + kEndOfLine.size());
    progress = true;
    if (state_ == State::ChunkSize) return read_chunk_size(line);
    if (state_ == State::ChunkEnd) {
        if (!line.empty()) return no_answer("a chunk is longer than it says");
        state_ = State::ChunkSize;
        return {};
    }
    trailer_bytes_ += line.size();
    if (trailer_bytes_ > kMaxTrailer) return too_large("trailer");
    if (line.empty()) state_ = State::Done;
    return {};
}

Status HttpAnswerParser::read_chunk_size(std::string_view line) {
    const std::string_view digits = trim(line.substr(0, line.find(';')));
    if (!to_number(digits, 16, left_)) return no_answer("a chunk size out of form");
    if (left_ > max_body_ - answer_.body.size()) {
        return too_large("chunked body over " + std::to_string(max_body_) + " bytes");
    }
    state_ = left_ == 0 ? State::Trailer : State::ChunkData;
    return {};
}

}  // namespace lumoz::tee

// SPDX-License-Identifier: Apache-2.0
#include "gateway/sse_scanner.hpp"

#include <array>

namespace lumoz::gateway {
namespace {

constexpr std::array<std::string_view, 10> kTerminalLines{
    "data: [DONE]",
    "data:[DONE]",
    "event: message_stop",
    "event:message_stop",
    "event: response.completed",
    "event:response.completed",
    "event: response.failed",
    "event:response.failed",
    "event: response.incomplete",
    "event:response.incomplete",
};

bool may_become_terminal(std::string_view line) {
    for (const std::string_view text : kTerminalLines)
        if (text.starts_with(line)) return true;
    return false;
}

bool is_terminal(std::string_view line) {
    for (const std::string_view text : kTerminalLines)
        if (text == line) return true;
    return false;
}

constexpr bool is_line_end(std::uint8_t byte) {
    return byte == '\n' || byte == '\r';
}

}  // namespace

void SseScanner::end_of_line() {
    if (!terminal_ && candidate_ && is_terminal(line_)) {
        terminal_ = true;
        free_ = is_long() ? line_begin_ : event_begin_;
    } else if (line_empty_ && terminal_) {
        finished_ = true;
    } else if (line_empty_) {
        event_begin_ = total_ + 1;
    }
    line_.clear();
    candidate_ = true;
    line_empty_ = true;
}

void SseScanner::take(std::uint8_t byte) {
    if (after_cr_ && byte == '\n') {
        // The second half of CRLF belongs to the line that the CR ended.
        after_cr_ = false;
        line_begin_ = total_ + 1;
        if (event_begin_ == total_) event_begin_ = total_ + 1;
        return;
    }
    after_cr_ = byte == '\r';
    if (is_line_end(byte)) {
        end_of_line();
        line_begin_ = total_ + 1;
        return;
    }
    line_empty_ = false;
    if (candidate_) {
        line_.push_back(static_cast<char>(byte));
        candidate_ = may_become_terminal(line_);
    }
}

std::uint64_t SseScanner::feed(ByteView chunk) {
    std::size_t at = 0;
    while (at < chunk.size()) {
        if (!candidate_ && !line_empty_) {
            // The rest of an ordinary line is skipped without looking at it.
            std::size_t end = at;
            while (end < chunk.size() && !is_line_end(chunk[end]))
                ++end;
            total_ += end - at;
            at = end;
            if (at == chunk.size()) break;
        }
        take(chunk[at]);
        ++total_;
        ++at;
    }
    if (terminal_) return free_;
    const std::uint64_t so_far = candidate_ && !line_empty_ ? line_begin_ : total_;
    free_ = is_long() ? so_far : event_begin_;
    return free_;
}

}  // namespace lumoz::gateway

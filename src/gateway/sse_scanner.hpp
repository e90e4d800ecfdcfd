// SPDX-License-Identifier: Apache-2.0
// Cuts a token stream into events while the bytes pass by. Whole events leave, so that an error can follow
// them whenever the engine breaks off; the terminal one is held until the receipt is durable (design decision
// 9). Works over any cut of the stream, with LF, CR and CRLF line ends.
#pragma once

#include "base/bytes.hpp"

#include <string>

namespace lumoz::gateway {

/// The terminal event is the first line that is exactly `data: [DONE]`, `event: message_stop` or
/// `event: response.completed|failed|incomplete` (the space is optional, as in the SSE grammar).
/// An error event does not end a stream.
class SseScanner {
public:
    /// An event that grows beyond this leaves in pieces, line by line where a line may become the terminal
    /// one.
    static constexpr std::uint64_t kMaxEvent = std::uint64_t{64} << 10;

    /// Takes the next bytes of the stream. Returns how many of all bytes so far may leave: the whole events
    /// before the terminal one. The value never falls.
    std::uint64_t feed(ByteView chunk);
    /// True when the terminal line was seen; from then on nothing more may leave by itself.
    [[nodiscard]] bool terminal() const { return terminal_; }
    /// True when the terminal event is whole: a blank line ended it.
    [[nodiscard]] bool finished() const { return finished_; }
    /// Where the event begins that is not whole yet, or the terminal one.
    [[nodiscard]] std::uint64_t event_begin() const { return event_begin_; }
    /// Bytes fed so far.
    [[nodiscard]] std::uint64_t total() const { return total_; }

private:
    [[nodiscard]] bool is_long() const { return total_ - event_begin_ > kMaxEvent; }
    void end_of_line();
    void take(std::uint8_t byte);

    std::uint64_t total_ = 0;
    std::uint64_t line_begin_ = 0;   ///< offset in the stream of the line that is being read
    std::uint64_t event_begin_ = 0;  ///< of the event that is being read
    std::uint64_t free_ = 0;         ///< what may leave
    std::string line_;               ///< its first bytes, as long as it may still become the terminal one
    bool candidate_ = true;
    bool after_cr_ = false;
    bool terminal_ = false;
    bool finished_ = false;
    bool line_empty_ = true;
};

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// Finds the terminal event of a token stream while the bytes pass by, so that it can be held until the
// receipt is durable (design decision 9). Works over any cut of the stream, with LF, CR and CRLF line ends.
#pragma once

#include "base/bytes.hpp"

#include <string>

namespace lumoz::gateway {

/// The terminal event is the first line that is exactly `data: [DONE]`, `event: message_stop` or
/// `event: response.completed|failed|incomplete` (the space is optional, as in the SSE grammar).
/// An error event does not end a stream.
class SseScanner {
public:
    /// Takes the next bytes of the stream. Returns how many of all bytes so far may leave: everything before
    /// a line that is or still may become the terminal one. The value never falls.
    std::uint64_t feed(ByteView chunk);
    /// True when the terminal line was seen; from then on nothing more may leave by itself.
    [[nodiscard]] bool terminal() const { return terminal_; }
    /// True when the terminal event is whole: a blank line ended it.
    [[nodiscard]] bool finished() const { return finished_; }
    /// Bytes fed so far.
    [[nodiscard]] std::uint64_t total() const { return total_; }

private:
    void end_of_line();
    void take(std::uint8_t byte);

    std::uint64_t total_ = 0;
    std::uint64_t line_begin_ = 0;  ///< offset in the stream of the line that is being read
    std::uint64_t free_ = 0;        ///< what may leave
    std::string line_;              ///< its first bytes, as long as it may still become the terminal one
    bool candidate_ = true;
    bool after_cr_ = false;
    bool terminal_ = false;
    bool finished_ = false;
    bool line_empty_ = true;
};

}  // namespace lumoz::gateway

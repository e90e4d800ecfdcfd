// SPDX-License-Identifier: Apache-2.0
// Reads one field of a multipart/form-data body (RFC 7578, RFC 2046 5.1) while its bytes pass by, and holds
// the body to the boundary that its Content-Type names. Nothing is kept but the field and the head of the
// part that is being read. Refused: text before the first delimiter, a delimiter with something behind it,
// heads of more than 8 KiB, a field that is longer than asked for.
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>

namespace lumoz::gateway {

/// The boundary of a Content-Type: 1 to 70 characters of RFC 2046 5.1.1, no space at the end. Nothing when it
/// is absent, there twice, or another text.
[[nodiscard]] std::optional<std::string> multipart_boundary(std::string_view content_type);

class MultipartScanner {
public:
    /// `field`: name of the wanted field, a part without a file name. `max_value`: its bytes at most.
    MultipartScanner(std::string_view boundary, std::string_view field, std::size_t max_value = 256);

    /// Takes the next bytes, in any pieces. Cheap once `settled()`.
    void feed(ByteView bytes);
    /// The end of the body: what is not whole by now is malformed.
    void end();
    /// True when the field was read, cannot come any more, or the body is malformed.
    [[nodiscard]] bool settled() const { return state_ >= State::Found; }
    [[nodiscard]] bool malformed() const { return state_ == State::Malformed; }
    /// The field as soon as it was read to its end.
    [[nodiscard]] const std::optional<std::string>& value() const { return value_; }

private:
    enum class State : std::uint8_t {
        Start,
        Delimiter,
        Close,
        Padding,
        DelimiterLf,
        Head,
        Body,
        Found,
        Done,
        Malformed
    };
    static constexpr std::size_t kMaxHead = 8'192;

    void take(char c);
    void take_body(char c);
    void take_head(char c);
    void end_head();
    std::size_t skip_body(ByteView bytes);
    void refuse() { state_ = State::Malformed; }

    std::string delimiter_;  ///< CR LF `--` boundary
    std::string field_;
    std::size_t max_value_;
    State state_ = State::Start;
    std::size_t matched_ = 2;  ///< bytes of the delimiter just seen; the first one has no CR LF
    std::string head_;
    bool wanted_ = false;  ///< the part that is being read is the field
    std::string text_;
    std::optional<std::string> value_;
};

}  // namespace lumoz::gateway

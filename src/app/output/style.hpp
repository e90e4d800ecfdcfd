// SPDX-License-Identifier: Apache-2.0
// Colour for people at a terminal, plain text for everybody else (NO_COLOR is obeyed).
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace lumoz::app {

/// Wraps text in terminal colours, or leaves it as it is.
class Style {
public:
    explicit Style(bool colour) : colour_(colour) {}
    /// Colour only when the stream is a terminal that is not "dumb" and NO_COLOR is unset or empty.
    static Style of(std::FILE* stream);

    [[nodiscard]] std::string good(std::string_view text) const { return paint("1;32", text); }
    [[nodiscard]] std::string bad(std::string_view text) const { return paint("1;31", text); }
    [[nodiscard]] std::string warn(std::string_view text) const { return paint("1;33", text); }
    [[nodiscard]] std::string dim(std::string_view text) const { return paint("2", text); }
    [[nodiscard]] std::string strong(std::string_view text) const { return paint("1", text); }
    [[nodiscard]] bool colour() const { return colour_; }

private:
    [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const;
    bool colour_;
};

/// Text that came from elsewhere, made harmless for a terminal: control characters become `?`.
[[nodiscard]] std::string printable(std::string_view text);
/// The same for a text within a line of ours: it can neither begin a line nor change the order of what is
/// shown.
[[nodiscard]] std::string printable_line(std::string_view text);

}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
#include "app/output/style.hpp"

#include <cstdlib>
#include <unistd.h>

namespace lumoz::app {
namespace {

/// U+2028 and U+2029 end lines; U+202A to U+202E and U+2066 to U+2069 change the order of what is shown.
bool turns_text(std::string_view text) {
    if (text.size() < 3 || static_cast<unsigned char>(text[0]) != 0xE2) return false;
    const auto second = static_cast<unsigned char>(text[1]);
    const auto third = static_cast<unsigned char>(text[2]);
    return (second == 0x80 && third >= 0xA8 && third <= 0xAE) ||
           (second == 0x81 && third >= 0xA6 && third <= 0xA9);
}

}  // namespace

Style Style::of(std::FILE* stream) {
    const char* no_color = std::getenv("NO_COLOR");
    if (no_color != nullptr && *no_color != '\0') return Style(false);
    const char* term = std::getenv("TERM");
    if (term == nullptr || std::string_view(term) == "dumb") return Style(false);
    return Style(isatty(fileno(stream)) == 1);
}

std::string Style::paint(std::string_view code, std::string_view text) const {
    if (!colour_) return std::string(text);
    std::string out = "\x1b[";
    out.append(code).append("m").append(text).append("\x1b[0m");
    return out;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        // U+0080 to U+009F are C2 80 to C2 9F in UTF-8: some terminals take them as control sequences.
        const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (c1) {
            out += '?';
            ++i;
        } else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
            out += '?';
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string printable_line(std::string_view text) {
    const std::string safe = printable(text);
    std::string out;
    out.reserve(safe.size());
    for (std::size_t i = 0; i < safe.size(); ++i) {
        const std::string_view rest = std::string_view(safe).substr(i);
        if (turns_text(rest)) {
            out += '?';
            i += 2;
        } else {
            out += safe[i] == '\n' || safe[i] == '\t' ? '?' : safe[i];
        }
    }
    return out;
}

}  // namespace lumoz::app

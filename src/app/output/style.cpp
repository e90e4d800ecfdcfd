// SPDX-License-Identifier: Apache-2.0
#include "app/output/style.hpp"

#include <cstdlib>
#include <unistd.h>

namespace lumoz::app {

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

}  // namespace lumoz::app

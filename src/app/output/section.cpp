// SPDX-License-Identifier: Apache-2.0
#include "app/output/section.hpp"

#include <algorithm>

namespace lumoz::app {

namespace {

constexpr std::size_t kWidth = 116;

std::string painted(const std::string& text, Tone tone, const Style& style) {
    switch (tone) {
        case Tone::Good:
            return style.good(text);
        case Tone::Bad:
            return style.bad(text);
        case Tone::Dim:
            return style.dim(text);
        case Tone::Plain:
            break;
    }
    return text;
}

/// Words at `column`, continued there on further lines; a word that is longer than a line is cut into pieces.
std::string wrapped(std::string_view text, std::size_t column) {
    const std::size_t room = kWidth - std::min(column, kWidth / 2);
    std::string out;
    std::size_t used = 0;
    while (!text.empty()) {
        const std::size_t word = std::min(text.find(' '), text.size());
        // Hex is cut where it can be compared by eye.
        std::size_t piece = word > room ? room - room % 32 : word;
        if (used > 0 && used + 1 + piece > room) {
            out.erase(out.find_last_not_of(' ') + 1);
            out += "\n" + std::string(column, ' ');
            used = 0;
        } else if (used > 0) {
            out += ' ';
            ++used;
        }
        out += text.substr(0, piece);
        used += piece;
        if (piece == word && piece < text.size()) ++piece;
        text.remove_prefix(piece);
    }
    return out;
}

bool shown(const SectionLine& line, bool explain) {
    return line.when == When::Always || (line.when == When::Explain) == explain;
}

std::string line_text(const SectionLine& line, std::size_t width, const Style& style) {
    std::string label = printable_line(line.label);
    label.resize(std::max(width, label.size()), ' ');
    std::string out = "  " + painted(label, line.tone, style);
    if (!line.text.empty()) out += (width == 0 ? "" : "  ");
    out += wrapped(printable_line(line.text), width == 0 ? 2 : width + 4);
    out.erase(out.find_last_not_of(' ') + 1);
    return out + "\n";
}

}  // namespace

std::string sections_text(std::span<const Section> sections, SectionChoice choice, const Style& style) {
    std::string out;
    for (const Section& section : sections) {
        if (choice.brief && !section.brief) continue;
        std::size_t width = 0;
        bool any = false;
        for (const SectionLine& line : section.lines) {
            if (!shown(line, choice.explain)) continue;
            any = true;
            width = std::max(width, line.label.size());
        }
        if (!any) continue;
        out += "\n" + style.strong(printable_line(section.title)) + "\n";
        for (const SectionLine& line : section.lines)
            if (shown(line, choice.explain)) out += line_text(line, width, style);
    }
    return out;
}

}  // namespace lumoz::app

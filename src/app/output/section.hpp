// SPDX-License-Identifier: Apache-2.0
// Parts of an answer beside rules and facts: a title and lines for people. What a program needs of them
// stands in the JSON of the verdict.
#pragma once

#include "app/output/style.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace lumoz::app {

enum class Tone : std::uint8_t { Plain, Good, Bad, Dim };

enum class When : std::uint8_t { Always, Explain, Folded };  ///< Folded: without --explain

/// A label in a column of its own, and a text behind it that is wrapped where it is long. Both may hold text
/// of others: it is made harmless when printed.
struct SectionLine {
    std::string label;
    std::string text;
    Tone tone = Tone::Plain;  ///< colour of the label
    When when = When::Always;
};

struct Section {
    std::string title;
    std::vector<SectionLine> lines;
    bool brief = false;  ///< shown with --brief too
};

/// Which sections and lines are shown.
struct SectionChoice {
    bool explain = false;
    bool brief = false;
};

/// The sections that were chosen, each behind an empty line; a section without any line is left out.
[[nodiscard]] std::string sections_text(std::span<const Section> sections, SectionChoice choice,
                                        const Style& style);

}  // namespace lumoz::app

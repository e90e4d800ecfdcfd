// SPDX-License-Identifier: Apache-2.0
// The known word that a wrong one was probably meant to be: for "unknown key; nearest is …".
#pragma once

#include <cstddef>
#include <ranges>
#include <string_view>

namespace lumoz {

/// Levenshtein distance in bytes. Takes time in the product of the lengths: bound what comes from outside.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The name in `words` that is nearest to `name`; empty when there is none. `name_of` gives a word's name.
template <std::ranges::input_range Words, class NameOf>
[[nodiscard]] std::string_view nearest_name(std::string_view name, const Words& words, NameOf name_of) {
    std::string_view best;
    std::size_t best_distance = ~std::size_t{0};
    for (const auto& word : words) {
        const std::size_t distance = edit_distance(name, name_of(word));
        if (distance >= best_distance) continue;
        best = name_of(word);
        best_distance = distance;
    }
    return best;
}

}  // namespace lumoz

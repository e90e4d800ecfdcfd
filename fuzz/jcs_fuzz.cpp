// SPDX-License-Identifier: Apache-2.0
// The canonical form is accepted again, is its own canonical form, and has no white space to lose.
#include "base/json.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    const auto once = lumoz::json::canonical(lumoz::as_text({data, size}));
    if (!once) return 0;
    // "1e20" becomes 21 digits: the form may be larger than the text.
    const auto twice = lumoz::json::canonical(*once, {.max_bytes = once->size()});
    hold(twice.has_value() && *twice == *once);
    return 0;
}

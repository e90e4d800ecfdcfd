// SPDX-License-Identifier: Apache-2.0
// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lumoz {

/// Length (1 to 4) of the well-formed sequence that starts `text`; 0 when there is none.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text);
[[nodiscard]] bool is_utf8(std::string_view text);
/// Appends one code point. Requires: below U+110000 and no surrogate.
void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace lumoz

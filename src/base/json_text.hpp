// SPDX-License-Identifier: Apache-2.0
// The pieces of JSON that reader and writer share: escapes, member names, numbers. Input is text that the
// parser has accepted.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace lumoz::json {

/// What stands between the quotes of an accepted string, unescaped.
[[nodiscard]] std::string unescape(std::string_view inner);
/// Orders the unescaped forms of two accepted strings by their bytes, without a copy.
[[nodiscard]] std::strong_ordering compare_unescaped(std::string_view a, std::string_view b);
/// The double nearest to an accepted number; nothing when it is too large. What is too small is zero.
[[nodiscard]] std::optional<double> to_double(std::string_view number);

}  // namespace lumoz::json

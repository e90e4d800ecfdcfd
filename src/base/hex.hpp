// SPDX-License-Identifier: Apache-2.0
// Base16 and Base64, strict: one accepted form each.
#pragma once

#include "base/bytes.hpp"

namespace lumoz {

/// Lowercase hex without prefix.
[[nodiscard]] std::string to_hex(ByteView bytes);
/// Appends lowercase hex to `out`.
void append_hex(std::string& out, ByteView bytes);
/// Accepts either case, no prefix, even length. Fails with `E_HEX`.
Result<Bytes> from_hex(std::string_view text);
/// Hex of exactly the type's size; `E_HEX` or `E_SIZE`.
template <class Fixed>
Result<Fixed> fixed_from_hex(std::string_view text) {
    LUMOZ_TRY(const Bytes raw, from_hex(text));
    return Fixed::from(raw);
}
/// True when every character is one of 0-9 a-f.
[[nodiscard]] bool is_lower_hex(std::string_view text);
/// The same, in either case.
[[nodiscard]] bool is_hex(std::string_view text);
/// The digits behind `0x` or `0X`, or all of the text when it begins with neither.
[[nodiscard]] inline std::string_view without_0x(std::string_view hex) {
    return hex.starts_with("0x") || hex.starts_with("0X") ? hex.substr(2) : hex;
}
/// `0x` and eight lowercase digits.
[[nodiscard]] std::string hex_word(std::uint32_t value);

/// Standard alphabet with padding.
[[nodiscard]] std::string to_base64(ByteView bytes);
/// URL alphabet without padding.
[[nodiscard]] std::string to_base64url(ByteView bytes);
/// Standard alphabet, padding demanded, unused bits zero, no white space. Fails with `E_BASE64`.
Result<Bytes> from_base64(std::string_view text);
/// URL alphabet, no padding, unused bits zero. Fails with `E_BASE64`.
Result<Bytes> from_base64url(std::string_view text);

}  // namespace lumoz

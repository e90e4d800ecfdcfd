// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.hpp"

namespace lumoz {

std::size_t utf8_sequence(std::string_view text) {
    if (text.empty()) return 0;
    const auto byte = [&](std::size_t i) -> unsigned { return static_cast<std::uint8_t>(text[i]); };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead < 0xc2) return 0;  // a continuation, or an overlong form of two bytes
    if (lead < 0xe0) return text.size() >= 2 && continues(1) ? 2 : 0;
    if (lead < 0xf0) {
        if (text.size() < 3 || !continues(1) || !continues(2)) return 0;
        if (lead == 0xe0 && byte(1) < 0xa0) return 0;   // overlong
        if (lead == 0xed && byte(1) >= 0xa0) return 0;  // surrogate
        return 3;
    }
    if (lead > 0xf4 || text.size() < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
    if (lead == 0xf0 && byte(1) < 0x90) return 0;   // overlong
    if (lead == 0xf4 && byte(1) >= 0x90) return 0;  // above U+10FFFF
    return 4;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_sequence(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    const auto tail = [&](unsigned shift) { put(0x80U | ((code_point >> shift) & 0x3fU)); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xc0U | code_point >> 6);
        tail(0);
    } else if (code_point < 0x10000) {
        put(0xe0U | code_point >> 12);
        tail(6);
        tail(0);
    } else {
        put(0xf0U | code_point >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
}

}  // namespace lumoz

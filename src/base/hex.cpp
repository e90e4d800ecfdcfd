// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"

namespace lumoz {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNoDigit = 0xff;

using Table = std::array<std::uint8_t, 256>;

consteval Table inverse(std::string_view alphabet) {
    Table table{};
    table.fill(kNoDigit);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return table;
}

consteval Table hex_inverse() {
    Table table = inverse(kHexDigits);
    for (std::size_t i = 10; i < 16; ++i)
        table[static_cast<std::size_t>('A') + i - 10] = static_cast<std::uint8_t>(i);
    return table;
}

constexpr Table kHexValue = hex_inverse();
constexpr Table kBase64Value = inverse(kBase64);
constexpr Table kBase64UrlValue = inverse(kBase64Url);

std::unexpected<Error> hex_error(std::size_t offset) {
    return fail(Errc::Malformed, "E_HEX", "base.hex", "offset " + std::to_string(offset));
}
std::unexpected<Error> base64_error(std::size_t offset) {
    return fail(Errc::Malformed, "E_BASE64", "base.base64", "offset " + std::to_string(offset));
}

std::string encode64(ByteView bytes, std::string_view alphabet, bool pad) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    std::size_t i = 0;
    const auto digit = [&](std::uint32_t group, unsigned shift) { out += alphabet[(group >> shift) & 63U]; };
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t group =
            std::uint32_t{bytes[i]} << 16 | std::uint32_t{bytes[i + 1]} << 8 | std::uint32_t{bytes[i + 2]};
        digit(group, 18);
        digit(group, 12);
        digit(group, 6);
        digit(group, 0);
    }
    const std::size_t rest = bytes.size() - i;
    if (rest != 0) {
        const std::uint32_t group =
            std::uint32_t{bytes[i]} << 16 | (rest == 2 ? std::uint32_t{bytes[i + 1]} << 8 : 0U);
        digit(group, 18);
        digit(group, 12);
        if (rest == 2) digit(group, 6);
        if (pad) out.append(3 - rest, '=');
    }
    return out;
}

/// `text` has no padding any more. `E_BASE64` names the first offending offset.
Result<Bytes> decode64(std::string_view text, const Table& values) {
    if (text.size() % 4 == 1) return base64_error(text.size());
    Bytes out(text.size() * 3 / 4);
    std::size_t written = 0;
    std::size_t i = 0;
    for (; i + 4 <= text.size(); i += 4) {
        std::uint32_t four = 0, wrong = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            const std::uint8_t value = values[static_cast<std::uint8_t>(text[i + k])];
            wrong |= value == kNoDigit ? 1U : 0U;
            four = four << 6 | value;
        }
        if (wrong != 0) break;  // the loop below finds the place
        out[written++] = static_cast<std::uint8_t>(four >> 16);
        out[written++] = static_cast<std::uint8_t>(four >> 8);
        out[written++] = static_cast<std::uint8_t>(four);
    }
    std::uint32_t group = 0;
    unsigned bits = 0;
    for (; i < text.size(); ++i) {
        const std::uint8_t value = values[static_cast<std::uint8_t>(text[i])];
        if (value == kNoDigit) return base64_error(i);
        group = group << 6 | value;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        out[written++] = static_cast<std::uint8_t>(group >> bits);
        group &= (1U << bits) - 1;
    }
    // Unused bits must be zero: else two texts would mean the same bytes.
    if (group != 0) return base64_error(text.size() - 1);
    return out;
}

}  // namespace

void append_hex(std::string& out, ByteView bytes) {
    const std::size_t start = out.size();
    out.resize(start + 2 * bytes.size());
    char* to = out.data() + start;
    for (const std::uint8_t byte : bytes) {
        *to++ = kHexDigits[byte >> 4];
        *to++ = kHexDigits[byte & 15U];
    }
}

std::string to_hex(ByteView bytes) {
    std::string out;
    append_hex(out, bytes);
    return out;
}

Result<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return hex_error(text.size());
    Bytes out(text.size() / 2);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint8_t high = kHexValue[static_cast<std::uint8_t>(text[2 * i])];
        const std::uint8_t low = kHexValue[static_cast<std::uint8_t>(text[2 * i + 1])];
        if (high == kNoDigit || low == kNoDigit) return hex_error(high == kNoDigit ? 2 * i : 2 * i + 1);
        out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return out;
}

bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text,
                               [](char c) { return kHexValue[static_cast<std::uint8_t>(c)] != kNoDigit; });
}

std::string hex_word(std::uint32_t value) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(value >> 24),
                                  static_cast<std::uint8_t>(value >> 16),
                                  static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
    return "0x" + to_hex(bytes);
}

std::string to_base64(ByteView bytes) {
    return encode64(bytes, kBase64, true);
}
std::string to_base64url(ByteView bytes) {
    return encode64(bytes, kBase64Url, false);
}

Result<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return base64_error(text.size());
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    return decode64(text.substr(0, text.size() - padding), kBase64Value);
}
Result<Bytes> from_base64url(std::string_view text) {
    return decode64(text, kBase64UrlValue);
}

}  // namespace lumoz

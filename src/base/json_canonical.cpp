// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"
#include "base/json_text.hpp"

#include <charconv>

namespace lumoz::json {

namespace {

/// RFC 8785 3.2.3: order by UTF-16 code units. It differs from the order of UTF-8 bytes in one place:
/// code points above U+FFFF (first byte f0 and up) are surrogates there, below U+E000 (first byte ee).
bool utf16_less(std::string_view a, std::string_view b) {
    const auto [x, y] = std::ranges::mismatch(a, b);
    if (y == b.end()) return false;
    if (x == a.end()) return true;
    const auto rank = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == 0xee || byte == 0xef ? byte + 0x100 : static_cast<int>(byte);
    };
    return rank(*x) < rank(*y);
}

/// Shortest digits that read back as the same double, and n such that the value is 0.digits × 10^n.
struct Decimal {
    std::string digits;
    int n;
};

Decimal shortest(double value) {
    std::array<char, 32> text{};
    const auto result =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
    const std::string_view all(text.data(), static_cast<std::size_t>(result.ptr - text.data()));
    const std::size_t e = all.find('e');
    Decimal out{std::string(all.substr(0, e)), 0};
    std::erase(out.digits, '.');
    const std::string_view exponent = all.substr(all[e + 1] == '+' ? e + 2 : e + 1);
    std::from_chars(exponent.data(), exponent.data() + exponent.size(), out.n);
    ++out.n;
    return out;
}

/// ECMA-262 Number::toString with radix 10; k and n as there.
void append_number(std::string& out, double value) {
    if (value == 0) {
        out += '0';
        return;
    }
    if (value < 0) out += '-';
    const auto [digits, n] = shortest(value < 0 ? -value : value);
    const auto k = static_cast<int>(digits.size());
    const auto zeros = [](int count) { return std::string(static_cast<std::size_t>(count), '0'); };
    if (k <= n && n <= 21) {
        out += digits + zeros(n - k);
    } else if (0 < n && n <= 21) {
        out.append(digits, 0, static_cast<std::size_t>(n));
        out += '.';
        out.append(digits, static_cast<std::size_t>(n));
    } else if (-6 < n && n <= 0) {
        out += "0." + zeros(-n) + digits;
    } else {
        out += digits[0];
        if (k > 1) out.append(".").append(digits, 1);
        out += n > 0 ? "e+" : "e-";
        out += std::to_string(n > 0 ? n - 1 : 1 - n);
    }
}

void append_value(std::string& out, const Value& value);

void append_object(std::string& out, const Value& value) {
    std::vector<Value::Member> members = value.members();
    std::ranges::sort(members, [](const auto& a, const auto& b) { return utf16_less(a.name, b.name); });
    char before = '{';
    for (const auto& [name, member] : members) {
        out += before;
        append_quoted(out, name);
        out += ':';
        append_value(out, member);
        before = ',';
    }
    out += members.empty() ? "{}" : "}";
}

void append_array(std::string& out, const Value& value) {
    char before = '[';
    for (const Value& element : value.elements()) {
        out += before;
        append_value(out, element);
        before = ',';
    }
    out += value.size() == 0 ? "[]" : "]";
}

// Depth is bounded by the parser.
void append_value(std::string& out, const Value& value) {
    switch (value.kind()) {
        case Kind::Object:
            return append_object(out, value);
        case Kind::Array:
            return append_array(out, value);
        case Kind::String:
            return append_quoted(out, *value.as_string());
        case Kind::Number:
            // The parser refuses what is beyond a double.
            return append_number(out, value.as_double().value_or(0));
        default:
            out += value.raw();
    }
}

}  // namespace

std::string canonical(const Value& value) {
    std::string out;
    out.reserve(value.raw().size());
    append_value(out, value);
    return out;
}

Result<std::string> canonical(std::string_view text, const Limits& limits) {
    LUMOZ_TRY(const Document document, Document::parse(text, limits));
    return canonical(document.root());
}

}  // namespace lumoz::json

// SPDX-License-Identifier: Apache-2.0
#include "base/json_text.hpp"

#include "base/json.hpp"
#include "base/utf8.hpp"

#include <charconv>
#include <cmath>

namespace lumoz::json {

namespace {

std::uint32_t hex4(std::string_view text) {
    std::uint32_t value = 0;
    std::from_chars(text.data(), text.data() + 4, value, 16);
    return value;
}

/// Reads the escape at the start of `rest` (behind the backslash), appends what it means, and moves on.
void append_escape(std::string& out, std::string_view& rest) {
    const char kind = rest.front();
    rest.remove_prefix(1);
    switch (kind) {
        case 'b':
            out += '\b';
            return;
        case 'f':
            out += '\f';
            return;
        case 'n':
            out += '\n';
            return;
        case 'r':
            out += '\r';
            return;
        case 't':
            out += '\t';
            return;
        case 'u':
            break;
        default:
            out += kind;
            return;
    }
    std::uint32_t code = hex4(rest);
    rest.remove_prefix(4);
    if (code >= 0xd800 && code < 0xdc00) {  // the parser saw to it that the other half follows
        code = 0x10000 + ((code - 0xd800) << 10) + (hex4(rest.substr(2)) - 0xdc00);
        rest.remove_prefix(6);
    }
    append_utf8(out, code);
}

/// Gives the unescaped bytes one by one.
class ByteWalk {
public:
    explicit ByteWalk(std::string_view inner) : rest_(inner) {}
    /// The next byte, or -1 at the end.
    int next() {
        if (at_ < pending_.size()) return static_cast<unsigned char>(pending_[at_++]);
        if (rest_.empty()) return -1;
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (c != '\\') return static_cast<unsigned char>(c);
        pending_.clear();
        append_escape(pending_, rest_);
        at_ = 1;
        return static_cast<unsigned char>(pending_[0]);
    }

private:
    std::string_view rest_;
    std::string pending_;  // at most four bytes: never on the heap
    std::size_t at_ = 0;
};

/// True when the number is at least 1 in magnitude; used only for numbers that no double holds.
bool is_large(std::string_view number) {
    const std::size_t e = number.find_first_of("eE");
    const std::string_view mantissa = number.substr(0, e);
    std::int64_t exponent = 0;
    if (e != std::string_view::npos) {
        std::string_view text = number.substr(e + 1);
        const bool negative = text.front() == '-';
        if (text.front() == '-' || text.front() == '+') text.remove_prefix(1);
        // More than any text can balance with its digits.
        constexpr std::int64_t kBeyond = std::int64_t{1} << 40;
        const auto end = text.data() + text.size();
        if (std::from_chars(text.data(), end, exponent).ec != std::errc{} || exponent > kBeyond) {
            exponent = kBeyond;
        }
        if (negative) exponent = -exponent;
    }
    const std::size_t first = mantissa.find_first_of("123456789");
    if (first == std::string_view::npos) return false;
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    const auto magnitude = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
    return magnitude + exponent > 0;
}

constexpr std::string_view kHexDigits = "0123456789abcdef";

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            out += "\\u00";
            out += kHexDigits[static_cast<unsigned char>(c) >> 4];
            out += kHexDigits[static_cast<unsigned char>(c) & 15U];
    }
}

}  // namespace

std::string unescape(std::string_view inner) {
    std::string out;
    out.reserve(inner.size());
    while (true) {
        const std::size_t slash = inner.find('\\');
        out.append(inner.substr(0, slash));
        if (slash == std::string_view::npos) return out;
        inner.remove_prefix(slash + 1);
        append_escape(out, inner);
    }
}

std::strong_ordering compare_unescaped(std::string_view a, std::string_view b) {
    ByteWalk left(a), right(b);
    while (true) {
        const int x = left.next(), y = right.next();
        if (x != y) return x <=> y;
        if (x < 0) return std::strong_ordering::equal;
    }
}

std::optional<double> to_double(std::string_view number) {
    double value = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    if (read.ec == std::errc{} && std::isfinite(value)) return value;
    if (is_large(number)) return std::nullopt;
    return number.front() == '-' ? -0.0 : 0.0;
}

namespace {

bool needs_escape(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

/// Looks at every byte, so that the compiler can take many at once.
bool any_needs_escape(std::string_view text) {
    bool any = false;
    for (const char c : text)
        any |= needs_escape(c);
    return any;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    std::size_t start = 0;
    for (std::size_t i = any_needs_escape(text) ? 0 : text.size(); i < text.size(); ++i) {
        const char c = text[i];
        if (!needs_escape(c)) continue;
        out.append(text, start, i - start);
        append_escaped(out, c);
        start = i + 1;
    }
    out.append(text, start);
    out += '"';
}

std::string quoted(std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
}

}  // namespace lumoz::json

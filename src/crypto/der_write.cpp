// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"
#include "crypto/der.hpp"

#include <charconv>

namespace lumoz::crypto::der {

namespace {

constexpr std::int64_t kYear2050 = 2524608000;

void append_length(Bytes& out, std::size_t length) {
    if (length < 0x80) {
        out.push_back(static_cast<std::uint8_t>(length));
        return;
    }
    unsigned count = 1;
    while (length >> (8 * count) != 0)
        ++count;
    out.push_back(static_cast<std::uint8_t>(0x80U | count));
    while (count-- > 0)
        out.push_back(static_cast<std::uint8_t>(length >> (8 * count)));
}

Bytes joined(std::uint8_t tag, std::initializer_list<Bytes> parts) {
    Bytes content;
    for (const Bytes& part : parts)
        append(content, part);
    return element(tag, content);
}

void append_base128(Bytes& out, std::uint64_t value) {
    unsigned groups = 1;
    while (value >> (7 * groups) != 0)
        ++groups;
    while (groups-- > 0) {
        const auto more = groups > 0 ? 0x80U : 0U;
        out.push_back(static_cast<std::uint8_t>(more | ((value >> (7 * groups)) & 0x7fU)));
    }
}

}  // namespace

Bytes element(std::uint8_t tag, ByteView content) {
    Bytes out{tag};
    out.reserve(content.size() + 6);
    append_length(out, content.size());
    append(out, content);
    return out;
}

Bytes sequence(std::initializer_list<Bytes> parts) {
    return joined(kSequence, parts);
}
Bytes set(std::initializer_list<Bytes> parts) {
    return joined(kSet, parts);
}

Bytes integer(ByteView magnitude) {
    while (!magnitude.empty() && magnitude.front() == 0)
        magnitude = magnitude.subspan(1);
    Bytes content;
    if (magnitude.empty() || (magnitude.front() & 0x80U) != 0) content.push_back(0);
    append(content, magnitude);
    return element(kInteger, content);
}

Bytes integer(std::uint64_t value) {
    std::array<std::uint8_t, 8> raw{};
    for (std::size_t i = 0; i < raw.size(); ++i)
        raw[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
    return integer(ByteView(raw));
}

Bytes oid(std::string_view dotted) {
    std::vector<std::uint64_t> arcs;
    for (const char* at = dotted.data(); at < dotted.data() + dotted.size(); ++at) {
        at = std::from_chars(at, dotted.data() + dotted.size(), arcs.emplace_back()).ptr;
    }
    Bytes content;
    append_base128(content, arcs.at(0) * 40 + arcs.at(1));
    for (std::size_t i = 2; i < arcs.size(); ++i)
        append_base128(content, arcs[i]);
    return element(kOid, content);
}

Bytes octet_string(ByteView content) {
    return element(kOctetString, content);
}

Bytes bit_string(ByteView content) {
    Bytes padded{0};  // no unused bits
    append(padded, content);
    return element(kBitString, padded);
}

Bytes boolean(bool value) {
    const std::uint8_t content = value ? 0xff : 0x00;
    return element(kBoolean, std::span(&content, 1));
}

Bytes utf8(std::string_view text) {
    return element(kUtf8String, as_bytes(text));
}

Bytes time(std::int64_t unix_time) {
    std::string text = to_rfc3339(unix_time);
    std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'T'; });
    if (unix_time >= kYear2050) return element(kGeneralizedTime, as_bytes(text));
    return element(kUtcTime, as_bytes(text).subspan(2));
}

Bytes context(unsigned n, ByteView content) {
    return element(static_cast<std::uint8_t>(0xa0U | n), content);
}

}  // namespace lumoz::crypto::der

// SPDX-License-Identifier: Apache-2.0
#include "crypto/der.hpp"

#include "base/time.hpp"

namespace lumoz::crypto::der {

namespace {

std::unexpected<Error> der_error(std::string_view where, std::size_t offset, std::string_view reason) {
    return fail(Errc::Malformed, "E_DER", where,
                "offset " + std::to_string(offset) + ": " + std::string(reason));
}

constexpr std::string_view kElement = "der.element", kInteger64 = "der.integer", kTime = "der.time";

}  // namespace

Result<Element> Cursor::next() {
    const ByteView rest = data_.subspan(offset_);
    if (rest.size() < 2) return der_error(kElement, offset_, "cut");
    const std::uint8_t tag = rest[0];
    if ((tag & 0x1fU) == 0x1f || tag == 0) return der_error(kElement, offset_, "tag not supported");
    std::size_t header = 2;
    std::size_t length = rest[1];
    if (length >= 0x80) {
        const std::size_t count = length & 0x7fU;
        if (count == 0 || count > 4) return der_error(kElement, offset_, "length form");
        if (rest.size() < 2 + count) return der_error(kElement, offset_, "cut");
        length = 0;
        for (std::size_t i = 0; i < count; ++i)
            length = length << 8 | rest[2 + i];
        // Minimal: the short form where it fits, and no leading zero byte.
        if (length < 0x80 || rest[2] == 0) return der_error(kElement, offset_, "length not minimal");
        header += count;
    }
    if (length > rest.size() - header) return der_error(kElement, offset_, "content cut");
    offset_ += header + length;
    return Element{tag, rest.subspan(header, length), rest.first(header + length)};
}

Result<Element> Cursor::expect(std::uint8_t tag) {
    if (peek() != tag || done()) {
        return der_error(kElement, offset_,
                         "want tag " + std::to_string(tag) + ", have " + std::to_string(peek()));
    }
    return next();
}

Status Cursor::end() const {
    if (!done()) return der_error("der.end", offset_, "more than expected");
    return {};
}

Result<std::uint64_t> to_uint(ByteView content) {
    if (content.empty()) return der_error(kInteger64, 0, "empty");
    if ((content[0] & 0x80U) != 0) return der_error(kInteger64, 0, "negative");
    if (content.size() > 1 && content[0] == 0) {
        if ((content[1] & 0x80U) == 0) return der_error(kInteger64, 0, "not minimal");
        content = content.subspan(1);
    }
    if (content.size() > 8) return der_error(kInteger64, 0, "larger than 64 bits");
    std::uint64_t value = 0;
    for (const std::uint8_t byte : content)
        value = value << 8 | byte;
    return value;
}

Result<std::int64_t> to_time(const Element& element) {
    std::string digits(as_text(element.content));
    if (element.tag == kUtcTime && digits.size() == 13) {
        // RFC 5280 4.1.2.5.1: 50 to 99 are of the last century.
        digits.insert(0, digits[0] >= '5' ? "19" : "20");
    } else if (element.tag != kGeneralizedTime || digits.size() != 15) {
        return der_error(kTime, 0, "form");
    }
    // YYYYMMDDHHMMSSZ to YYYY-MM-DDTHH:MM:SSZ, from the right so that the places stay true.
    std::string text = digits;
    text.insert(12, ":").insert(10, ":").insert(8, "T").insert(6, "-").insert(4, "-");
    const auto time = parse_rfc3339(text);
    if (!time) return der_error(kTime, 0, "not a time");
    return *time;
}

}  // namespace lumoz::crypto::der

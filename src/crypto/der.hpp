// SPDX-License-Identifier: Apache-2.0
// Strict DER: reading with definite minimal lengths only, and writing. PEM with canonical Base64.
#pragma once

#include "base/bytes.hpp"

#include <vector>

namespace lumoz::crypto::der {

/// Tag bytes used in certificates and CRLs.
inline constexpr std::uint8_t kBoolean = 0x01, kInteger = 0x02, kBitString = 0x03, kOctetString = 0x04,
                              kNull = 0x05, kOid = 0x06, kEnumerated = 0x0a, kUtf8String = 0x0c,
                              kPrintableString = 0x13, kUtcTime = 0x17, kGeneralizedTime = 0x18,
                              kSequence = 0x30, kSet = 0x31;

/// One element: its tag, its content, and the whole encoding.
struct Element {
    std::uint8_t tag;
    ByteView content;
    ByteView whole;
};

/// Walks the elements of one constructed value. Refuses indefinite and non-minimal lengths, multi-byte tags.
/// `E_DER`.
class Cursor {
public:
    explicit Cursor(ByteView data) : data_(data) {}
    [[nodiscard]] bool done() const { return offset_ == data_.size(); }
    /// Tag of the next element; 0 at the end.
    [[nodiscard]] std::uint8_t peek() const { return done() ? std::uint8_t{0} : data_[offset_]; }
    Result<Element> next();
    /// The next element, which must have this tag.
    Result<Element> expect(std::uint8_t tag);
    /// Fails unless everything was read.
    Status end() const;

private:
    ByteView data_;
    std::size_t offset_ = 0;
};

/// INTEGER content as an unsigned number up to 64 bits, minimal, not negative. `E_DER`.
Result<std::uint64_t> to_uint(ByteView content);
/// UTCTime or GeneralizedTime in the only DER form (seconds, Z) to seconds since 1970. `E_DER`.
Result<std::int64_t> to_time(const Element& element);

/// Writing: each returns one whole element.
[[nodiscard]] Bytes element(std::uint8_t tag, ByteView content);
[[nodiscard]] Bytes sequence(std::initializer_list<Bytes> parts);
[[nodiscard]] Bytes set(std::initializer_list<Bytes> parts);
/// Unsigned big-endian magnitude; leading zeros are dropped, a zero byte is put before a high bit.
[[nodiscard]] Bytes integer(ByteView magnitude);
[[nodiscard]] Bytes integer(std::uint64_t value);
/// Dotted text, e.g. "1.2.840.10045.2.1". Requires: a valid OID literal.
[[nodiscard]] Bytes oid(std::string_view dotted);
[[nodiscard]] Bytes octet_string(ByteView content);
[[nodiscard]] Bytes bit_string(ByteView content);
[[nodiscard]] Bytes boolean(bool value);
[[nodiscard]] Bytes utf8(std::string_view text);
/// UTCTime until 2049, GeneralizedTime after.
[[nodiscard]] Bytes time(std::int64_t unix_time);
/// [n] EXPLICIT.
[[nodiscard]] Bytes context(unsigned n, ByteView content);

/// One PEM block: its label and its bytes.
struct PemBlock {
    std::string label;
    Bytes der;
};
/// All blocks of a text that holds only PEM blocks, CR, LF and final NULs. Canonical Base64. `E_PEM`.
Result<std::vector<PemBlock>> parse_pem(std::string_view text);
[[nodiscard]] std::string to_pem(std::string_view label, ByteView der);

}  // namespace lumoz::crypto::der

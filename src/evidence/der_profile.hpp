// SPDX-License-Identifier: Apache-2.0
// What certificates and CRLs of Intel's profile have in common. Internal to evidence/.
#pragma once

#include "crypto/der.hpp"
#include "evidence/tdx_quote.hpp"

namespace lumoz::evidence::profile {

/// AlgorithmIdentifier of ecdsa-with-SHA256, without parameters.
inline constexpr std::uint8_t kEcdsaSha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                                0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
/// SubjectPublicKeyInfo of a P-256 key up to and including the 04 of the uncompressed point.
inline constexpr std::uint8_t kP256SpkiPrefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                                   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
inline constexpr std::uint8_t kOidCommonName[] = {0x55, 0x04, 0x03};
inline constexpr std::uint8_t kOidSubjectKeyId[] = {0x55, 0x1d, 0x0e};
inline constexpr std::uint8_t kOidKeyUsage[] = {0x55, 0x1d, 0x0f};
inline constexpr std::uint8_t kOidBasicConstraints[] = {0x55, 0x1d, 0x13};
inline constexpr std::uint8_t kOidCrlNumber[] = {0x55, 0x1d, 0x14};
inline constexpr std::uint8_t kOidCrlDistribution[] = {0x55, 0x1d, 0x1f};
inline constexpr std::uint8_t kOidAuthorityKeyId[] = {0x55, 0x1d, 0x23};
/// 1.2.840.113741.1.13.1
inline constexpr std::uint8_t kOidSgx[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

/// One extension of a certificate or CRL.
struct Extension {
    ByteView oid;
    bool critical = false;
    ByteView value;  ///< content of the OCTET STRING
};

/// Extensions of a `SEQUENCE OF Extension` (whole element in `data`); one OID twice is an error, so is an
/// empty list.
Result<std::vector<Extension>> read_extensions(ByteView data);
/// keyIdentifier of an AuthorityKeyIdentifier value; empty when it has none.
Result<ByteView> read_authority_key_id(ByteView value);
/// The next element, an OID of minimal arcs; its content.
Result<ByteView> read_oid(crypto::der::Cursor& in);
/// Content of an INTEGER that is minimal and positive or zero.
Status check_integer(ByteView content);
/// Where `part` stands inside `all`. Requires: it does.
[[nodiscard]] inline Span place(ByteView all, ByteView part) {
    return part.empty() ? Span{} : Span{static_cast<std::size_t>(part.data() - all.data()), part.size()};
}
/// Signature value of a signed structure: BIT STRING without unused bits, content returned.
Result<ByteView> read_signature_bits(crypto::der::Cursor& in);

struct Name {
    ByteView whole;                ///< chains compare these bytes
    std::string_view common_name;  ///< empty when there is none or several
};
/// The next element, a Name: sets of attributes, values UTF8String or PrintableString in UTF-8. `E_DER`.
Result<Name> read_name(crypto::der::Cursor& in);

/// Place and detail of an error inside, as the detail of the error that the caller makes of it.
[[nodiscard]] std::string nested(const Error& error);

}  // namespace lumoz::evidence::profile

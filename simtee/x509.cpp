// SPDX-License-Identifier: Apache-2.0
#include "simtee/x509.hpp"

#include "crypto/der.hpp"
#include "crypto/sha2.hpp"

namespace lumoz::simtee {
namespace {

namespace der = crypto::der;

constexpr std::uint8_t kCertSignAndCrlSign[] = {1, 0x06};          // unused bits, then bits 5 and 6
constexpr std::uint8_t kSignatureAndNonRepudiation[] = {6, 0xc0};  // bits 0 and 1
constexpr std::uint8_t kContext0Primitive = 0x80;
constexpr std::uint8_t kContext0Constructed = 0xa0;
constexpr std::uint8_t kUriName = 0x86;

/// Concatenation; for lists whose members may be empty.
Bytes join(std::initializer_list<Bytes> parts) {
    Bytes out;
    for (const Bytes& part : parts) {
        append(out, part);
    }
    return out;
}

Bytes algorithm() {
    return der::sequence({der::oid("1.2.840.10045.4.3.2")});
}

Bytes name_part(std::string_view type, const Bytes& text) {
    return der::set({der::sequence({der::oid(type), text})});
}

/// The name form of Intel's certificates, which verifiers compare exactly.
Bytes name(std::string_view common_name) {
    return der::sequence(
        {name_part("2.5.4.3", der::utf8(common_name)), name_part("2.5.4.10", der::utf8("Intel Corporation")),
         name_part("2.5.4.7", der::utf8("Santa Clara")), name_part("2.5.4.8", der::utf8("CA")),
         name_part("2.5.4.6", der::element(der::kPrintableString, as_bytes("US")))});
}

/// RFC 7093, first method: the leftmost 160 bits of a SHA-256.
Bytes key_id(const crypto::P256Public& key) {
    const Digest256 digest = crypto::sha256(crypto::p256_spki(key));
    return to_bytes(digest.view().first(20));
}

/// Eight bytes, positive, never short.
Bytes serial_of(std::string_view subject, const crypto::P256Public& key) {
    Bytes named = to_bytes(as_bytes(subject));
    append(named, key.view());
    const Digest256 digest = crypto::sha256(named);
    Bytes serial = to_bytes(digest.view().first(8));
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
    return serial;
}

Bytes extension(std::string_view id, bool critical, const Bytes& value) {
    if (critical) return der::sequence({der::oid(id), der::boolean(true), der::octet_string(value)});
    return der::sequence({der::oid(id), der::octet_string(value)});
}

Bytes authority_key_id(const crypto::P256Public& key) {
    return extension("2.5.29.35", false, der::sequence({der::element(kContext0Primitive, key_id(key))}));
}

Bytes distribution_points(std::string_view uri) {
    const Bytes full_name = der::element(kContext0Constructed, der::element(kUriName, as_bytes(uri)));
    const Bytes point = der::sequence({der::element(kContext0Constructed, full_name)});
    return extension("2.5.29.31", false, der::sequence({point}));
}

Bytes extensions(const CertificateSpec& spec) {
    const bool ca = spec.path_length.has_value();
    const ByteView usage = ca ? ByteView(kCertSignAndCrlSign) : ByteView(kSignatureAndNonRepudiation);
    const Bytes constraints =
        ca ? der::sequence({der::boolean(true), der::integer(std::uint64_t{*spec.path_length})})
           : der::sequence({});
    const Bytes list = join({authority_key_id(spec.issuer_key), distribution_points(spec.crl_uri),
                             extension("2.5.29.14", false, der::octet_string(key_id(spec.key))),
                             extension("2.5.29.15", true, der::element(der::kBitString, usage)),
                             extension("2.5.29.19", true, constraints), spec.extension});
    return der::context(3, der::element(der::kSequence, list));
}

/// The signed form that certificates and CRLs share.
Bytes sign(const Bytes& tbs, const crypto::P256Key& signer) {
    return der::sequence(
        {tbs, algorithm(), der::bit_string(crypto::p256_signature_to_der(signer.sign(tbs)))});
}

}  // namespace

Bytes make_certificate(const CertificateSpec& spec, const crypto::P256Key& signer) {
    const Bytes tbs = der::sequence({der::context(0, der::integer(std::uint64_t{2})),
                                     der::integer(ByteView(serial_of(spec.subject, spec.key))), algorithm(),
                                     name(spec.issuer),
                                     der::sequence({der::time(spec.not_before), der::time(spec.not_after)}),
                                     name(spec.subject), crypto::p256_spki(spec.key), extensions(spec)});
    return sign(tbs, signer);
}

Bytes make_crl(std::string_view issuer, UnixTime this_update, UnixTime next_update, std::uint64_t number,
               const crypto::P256Key& signer) {
    const Bytes extensions =
        der::context(0, der::sequence({extension("2.5.29.20", false, der::integer(number)),
                                       authority_key_id(signer.public_key())}));
    const Bytes tbs = der::sequence({der::integer(std::uint64_t{1}), algorithm(), name(issuer),
                                     der::time(this_update), der::time(next_update), extensions});
    return sign(tbs, signer);
}

}  // namespace lumoz::simtee

// SPDX-License-Identifier: Apache-2.0
#include "net/tls_written.hpp"

#include "crypto/der.hpp"
#include "crypto/random.hpp"

#include <arpa/inet.h>
#include <array>
#include <cassert>

namespace lumoz::net {
namespace {

namespace der = crypto::der;

/// RFC 5280 appendix A: ub-common-name.
constexpr std::size_t kLongestCommonName = 64;

/// ecdsa-with-SHA256.
Bytes algorithm() {
    return der::sequence({der::oid("1.2.840.10045.4.3.2")});
}

Bytes subject(const std::string& common_name) {
    if (common_name.size() > kLongestCommonName) return der::sequence({});
    return der::sequence({der::set({der::sequence({der::oid("2.5.4.3"), der::utf8(common_name)})})});
}

/// The extension subjectAltName.
Bytes alternative_names(const std::vector<std::string>& names) {
    constexpr std::uint8_t kDnsName = 0x82, kIpAddress = 0x87;
    Bytes alternatives;
    for (const std::string& each : names) {
        std::array<std::uint8_t, 16> raw{};
        if (inet_pton(AF_INET, each.c_str(), raw.data()) == 1) {
            append(alternatives, der::element(kIpAddress, ByteView(raw).first(4)));
        } else if (inet_pton(AF_INET6, each.c_str(), raw.data()) == 1) {
            append(alternatives, der::element(kIpAddress, raw));
        } else {
            append(alternatives, der::element(kDnsName, as_bytes(each)));
        }
    }
    return der::sequence(
        {der::oid("2.5.29.17"), der::octet_string(der::element(der::kSequence, alternatives))});
}

std::string signed_pem(std::string_view label, const crypto::P256Key& key, const Bytes& text) {
    const Bytes signature = crypto::p256_signature_to_der(key.sign(text));
    return der::to_pem(label, der::sequence({text, algorithm(), der::bit_string(signature)}));
}

}  // namespace

std::string make_self_signed(const crypto::P256Key& key, const std::vector<std::string>& names,
                             std::int64_t not_before, std::int64_t not_after) {
    assert(!names.empty());
    const Bytes name = subject(names.front());
    const Bytes basic = der::sequence(
        {der::oid("2.5.29.19"), der::boolean(true), der::octet_string(der::sequence({der::boolean(true)}))});
    std::array<std::uint8_t, 16> serial{};
    crypto::random_fill(serial);
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
    const Bytes tbs =
        der::sequence({der::context(0, der::integer(std::uint64_t{2})), der::integer(ByteView(serial)),
                       algorithm(), name, der::sequence({der::time(not_before), der::time(not_after)}), name,
                       crypto::p256_spki(key.public_key()),
                       der::context(3, der::sequence({basic, alternative_names(names)}))});
    return signed_pem("CERTIFICATE", key, tbs);
}

std::string make_certificate_request(const crypto::P256Key& key, const std::vector<std::string>& names) {
    assert(!names.empty());
    // RFC 2985 5.4.2: the attribute extensionRequest.
    const Bytes wanted = der::sequence(
        {der::oid("1.2.840.113549.1.9.14"), der::set({der::sequence({alternative_names(names)})})});
    const Bytes info = der::sequence({der::integer(std::uint64_t{0}), subject(names.front()),
                                      crypto::p256_spki(key.public_key()), der::context(0, wanted)});
    return signed_pem("CERTIFICATE REQUEST", key, info);
}

}  // namespace lumoz::net

// SPDX-License-Identifier: Apache-2.0
// Writes certificates and CRLs of the profile that specs/tdx.md 3 demands, and nothing more general: X.509
// v3, P-256, ecdsa-with-SHA256, the five named extensions.
#pragma once

#include "base/time.hpp"
#include "crypto/p256.hpp"

#include <optional>

namespace lumoz::simtee {

struct CertificateSpec {
    std::string_view subject;  ///< common name; the rest of the name is that of Intel's certificates
    std::string_view issuer;
    crypto::P256Public key;
    crypto::P256Public issuer_key;  ///< for the authority key id
    UnixTime not_before = 0;
    UnixTime not_after = 0;
    std::string_view crl_uri;
    /// Of a CA: how many CAs may follow. Nothing: a leaf.
    std::optional<unsigned> path_length;
    /// Whole DER of one more extension; may be empty.
    Bytes extension;
};

/// Signed by `signer`, the secret of `spec.issuer_key`. The serial number follows from subject and key, so a
/// certificate made again for the same key keeps it.
[[nodiscard]] Bytes make_certificate(const CertificateSpec& spec, const crypto::P256Key& signer);

/// A v2 CRL that lists nothing. `number` must grow from one to the next.
[[nodiscard]] Bytes make_crl(std::string_view issuer, UnixTime this_update, UnixTime next_update,
                             std::uint64_t number, const crypto::P256Key& signer);

}  // namespace lumoz::simtee

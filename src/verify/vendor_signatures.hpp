// SPDX-License-Identifier: Apache-2.0
// Signatures of the vendor's fixed CA certificates that hold: facts of arithmetic, not of trust. That this
// key signed this digest is looked up here where it would be computed otherwise; pins, names, dates, usage
// and revocation of the certificates are checked all the same. A test verifies every row. Internal to
// verify/.
#pragma once

#include "crypto/p256.hpp"

namespace lumoz::verify {

/// A signature by `vendor_root_key()` over a message with this SHA-256.
struct VendorSignature {
    Digest256 digest;
    crypto::P256Signature signature;
};

/// The key of the Intel SGX Root CA (specification tdx.md 10).
[[nodiscard]] const crypto::P256Public& vendor_root_key();
/// Root CA, the two PCK CAs, and both TCB signing certificates: what the root key signed.
[[nodiscard]] std::span<const VendorSignature> vendor_signatures();
/// True when the table has exactly this key, digest and signature.
[[nodiscard]] bool is_vendor_signature(const crypto::P256Public& key, const Digest256& digest,
                                       const crypto::P256Signature& signature);

}  // namespace lumoz::verify

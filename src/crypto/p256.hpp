// SPDX-License-Identifier: Apache-2.0
// ECDSA on P-256 with SHA-256: verification for evidence, keys and signing for TLS and for the simulator.
// Signatures are raw r ‖ s (quotes, JSON documents) or DER (certificates). There is no low-s rule here.
#pragma once

#include "base/secret.hpp"

#include <memory>

namespace lumoz::crypto {

/// x ‖ y, big-endian, without the 04 prefix.
using P256Public = FixedBytes<struct P256PublicTag, 64>;
/// r ‖ s, big-endian.
using P256Signature = FixedBytes<struct P256SignatureTag, 64>;
using P256Secret = Secret<struct P256SecretTag, 32>;

/// `E_KEY` unless the coordinates are below p, not both zero, and on the curve.
Status p256_check_point(const P256Public& key);
/// True when r ‖ s (1 <= r,s < n) is a signature of SHA-256(message) by the key.
[[nodiscard]] bool p256_verify(const P256Public& key, ByteView message, const P256Signature& signature);
[[nodiscard]] bool p256_verify_digest(const P256Public& key, const Digest256& digest,
                                      const P256Signature& signature);
/// Strict DER `SEQUENCE { r INTEGER, s INTEGER }` to r ‖ s. `E_DER`.
Result<P256Signature> p256_signature_from_der(ByteView der);
[[nodiscard]] Bytes p256_signature_to_der(const P256Signature& signature);
/// SubjectPublicKeyInfo DER (91 bytes) of a key.
[[nodiscard]] Bytes p256_spki(const P256Public& key);

class P256Key {
public:
    /// `E_KEY` when the scalar is 0 or not below the group order.
    static Result<P256Key> from(P256Secret secret);
    static P256Key generate();
    /// Key number `index` of a seed: the scalar is derived by SHA-256, for reproducible test material.
    static P256Key derive(const Digest256& seed, std::string_view label);
    ~P256Key();
    P256Key(P256Key&&) noexcept;
    P256Key(const P256Key&) = delete;

    [[nodiscard]] const P256Public& public_key() const;
    [[nodiscard]] P256Signature sign(ByteView message) const;
    /// PKCS#8 PEM in a private buffer, for handing to a TLS library in the same process.
    [[nodiscard]] std::string private_pem_for_tls() const;

private:
    struct State;
    explicit P256Key(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace lumoz::crypto

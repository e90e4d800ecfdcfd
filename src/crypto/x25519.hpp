// SPDX-License-Identifier: Apache-2.0
// X25519 key pairs (RFC 7748), and the conversion of Ed25519 keys that field-encryption dialects demand.
#pragma once

#include "crypto/ed25519.hpp"

namespace lumoz::crypto {

using X25519Secret = Secret<struct X25519SecretTag, 32>;
using X25519Public = FixedBytes<struct X25519PublicTag, 32>;

class X25519Key {
public:
    static X25519Key from(X25519Secret secret);
    static X25519Key generate();
    [[nodiscard]] const X25519Public& public_key() const { return public_key_; }

private:
    X25519Key(X25519Secret secret, const X25519Public& pub) : secret_(std::move(secret)), public_key_(pub) {}
    X25519Secret secret_;
    X25519Public public_key_;
};

/// u = (1+y)/(1-y). `E_KEY` when the point does not decode or has small order.
Result<X25519Public> ed25519_to_x25519(const Ed25519Public& key);
/// Clamped first half of SHA-512 of the seed.
[[nodiscard]] X25519Secret ed25519_seed_to_x25519(const Ed25519Seed& seed);

}  // namespace lumoz::crypto

// SPDX-License-Identifier: Apache-2.0
// Ed25519 by libsodium (RFC 8032; verification refuses small-order keys and non-canonical s).
#pragma once

#include "base/secret.hpp"

namespace lumoz::crypto {

using Ed25519Seed = Secret<struct Ed25519SeedTag, 32>;
using Ed25519Public = FixedBytes<struct Ed25519PublicTag, 32>;
using Ed25519Signature = FixedBytes<struct Ed25519SignatureTag, 64>;

class Ed25519Key {
public:
    static Ed25519Key from(Ed25519Seed seed);
    static Ed25519Key generate();
    [[nodiscard]] const Ed25519Public& public_key() const { return public_key_; }
    [[nodiscard]] Ed25519Signature sign(ByteView message) const;

private:
    using Expanded = Secret<struct Ed25519ExpandedTag, 64>;
    Ed25519Key(Expanded expanded, const Ed25519Public& pub)
        : expanded_(std::move(expanded)), public_key_(pub) {}
    Expanded expanded_;
    Ed25519Public public_key_;
};

[[nodiscard]] bool ed25519_verify(const Ed25519Public& key, ByteView message,
                                  const Ed25519Signature& signature);

}  // namespace lumoz::crypto

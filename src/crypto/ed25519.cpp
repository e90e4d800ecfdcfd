// SPDX-License-Identifier: Apache-2.0
#include "crypto/ed25519.hpp"

#include "crypto/invariant.hpp"
#include "crypto/random.hpp"
#include "crypto/sodium.hpp"

#include <sodium.h>

namespace lumoz::crypto {

void sodium_ready() {
    static const int kStarted = sodium_init();
    must(kStarted >= 0, "sodium init");
}

Ed25519Key Ed25519Key::from(Ed25519Seed seed) {
    sodium_ready();
    Ed25519Public pub;
    std::array<std::uint8_t, 64> expanded{};
    must(crypto_sign_ed25519_seed_keypair(pub.bytes.data(), expanded.data(), seed.expose().data()) == 0,
         "ed25519 key");
    return {Expanded(expanded), pub};
}

Ed25519Key Ed25519Key::generate() {
    std::array<std::uint8_t, 32> raw{};
    random_fill(raw);
    return from(Ed25519Seed(raw));
}

Ed25519Signature Ed25519Key::sign(ByteView message) const {
    Ed25519Signature out;
    must(crypto_sign_ed25519_detached(out.bytes.data(), nullptr, message.data(), message.size(),
                                      expanded_.expose().data()) == 0,
         "ed25519 sign");
    return out;
}

bool ed25519_verify(const Ed25519Public& key, ByteView message, const Ed25519Signature& signature) {
    sodium_ready();
    return crypto_sign_ed25519_verify_detached(signature.bytes.data(), message.data(), message.size(),
                                               key.bytes.data()) == 0;
}

}  // namespace lumoz::crypto

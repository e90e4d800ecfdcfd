// SPDX-License-Identifier: Apache-2.0
#include "crypto/x25519.hpp"

#include "crypto/invariant.hpp"
#include "crypto/random.hpp"
#include "crypto/sodium.hpp"

#include <sodium.h>

namespace lumoz::crypto {

X25519Key X25519Key::from(X25519Secret secret) {
    sodium_ready();
    X25519Public pub;
    must(crypto_scalarmult_curve25519_base(pub.bytes.data(), secret.expose().data()) == 0, "x25519 key");
    return {std::move(secret), pub};
}

X25519Key X25519Key::generate() {
    std::array<std::uint8_t, 32> raw{};
    random_fill(raw);
    return from(X25519Secret(raw));
}

Result<X25519Public> ed25519_to_x25519(const Ed25519Public& key) {
    sodium_ready();
    X25519Public out;
    if (crypto_sign_ed25519_pk_to_curve25519(out.bytes.data(), key.bytes.data()) != 0) {
        return fail(Errc::Malformed, "E_KEY", "x25519.from_ed25519");
    }
    return out;
}

X25519Secret ed25519_seed_to_x25519(const Ed25519Seed& seed) {
    sodium_ready();
    std::array<std::uint8_t, 64> hash{};
    must(crypto_hash_sha512(hash.data(), seed.expose().data(), seed.expose().size()) == 0, "sha512");
    // RFC 8032 5.1.5: the scalar is clamped before use.
    hash[0] &= 0xf8;
    hash[31] = static_cast<std::uint8_t>((hash[31] & 0x7fU) | 0x40U);
    X25519Secret out{std::span(hash).first<32>()};
    wipe(hash);
    return out;
}

}  // namespace lumoz::crypto

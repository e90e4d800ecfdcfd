// SPDX-License-Identifier: Apache-2.0
// Runs one operation with key bytes that memcheck holds for undefined. `ctime_check OPERATION`, under
// valgrind.
#include "base/bytes.hpp"
#include "crypto/ed25519.hpp"
#include "crypto/secp256k1.hpp"
#include "crypto/x25519.hpp"

#include <cstdio>
#include <string_view>
#include <valgrind/memcheck.h>

namespace {

using namespace lumoz::crypto;

void poison(lumoz::ByteView secret) {
    VALGRIND_MAKE_MEM_UNDEFINED(secret.data(), secret.size());
}
/// What leaves the operation is public.
void publish(lumoz::ByteView result) {
    VALGRIND_MAKE_MEM_DEFINED(result.data(), result.size());
}

std::array<std::uint8_t, 32> seed_bytes() {
    std::array<std::uint8_t, 32> raw{};
    for (std::size_t i = 0; i < raw.size(); ++i)
        raw[i] = static_cast<std::uint8_t>(i * 7 + 1);
    return raw;
}

void compare() {
    auto a = seed_bytes(), b = seed_bytes();
    poison(a);
    bool same = lumoz::constant_time_equal(a, b);
    VALGRIND_MAKE_MEM_DEFINED(&same, sizeof same);
    if (!same) std::puts("wrong answer");
}

void secp256k1_sign() {
    auto raw = seed_bytes();
    Secp256k1Seed seed(raw);
    const lumoz::ByteView where = seed.expose();
    const auto key = Secp256k1Key::from(std::move(seed));
    poison(where);
    const RecoverableSignature signature = key->sign_digest(lumoz::Digest256{});
    publish(signature.view());
    publish(where);
}

void ed25519_sign() {
    auto raw = seed_bytes();
    Ed25519Seed seed(raw);
    poison(seed.expose());
    const Ed25519Key key = Ed25519Key::from(std::move(seed));
    publish(key.public_key().view());
    const Ed25519Signature signature = key.sign(lumoz::as_bytes("message"));
    publish(signature.view());
}

void x25519_public() {
    auto raw = seed_bytes();
    X25519Secret secret(raw);
    poison(secret.expose());
    const X25519Key key = X25519Key::from(std::move(secret));
    publish(key.public_key().view());
}

void ed25519_to_x25519() {
    auto raw = seed_bytes();
    Ed25519Seed seed(raw);
    poison(seed.expose());
    const X25519Secret secret = ed25519_seed_to_x25519(seed);
    publish(secret.expose());
}

void leak() {
    const auto a = seed_bytes(), b = seed_bytes();
    poison(a);
    if (!lumoz::equal(a, b)) std::puts("wrong answer");
}

}  // namespace

int main(int argc, char** argv) {
    constexpr std::pair<std::string_view, void (*)()> kOperations[] = {
        {"compare", compare},
        {"secp256k1_sign", secp256k1_sign},
        {"ed25519_sign", ed25519_sign},
        {"x25519_public", x25519_public},
        {"ed25519_to_x25519", ed25519_to_x25519},
        {"leak", leak}};
    for (const auto& [name, run] : kOperations) {
        if (argc != 2 || name != argv[1]) continue;
        run();
        return 0;
    }
    std::fputs("usage: ctime_check OPERATION\n", stderr);
    return 2;
}

// SPDX-License-Identifier: Apache-2.0
#include "crypto/x25519.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace lumoz::crypto {
namespace {

/// RFC 7748 6.1, Bob.
TEST(X25519, GivesTheAnswerOfTheRfc) {
    Bytes raw = from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb").value();
    const X25519Key key = X25519Key::from(X25519Secret(std::span<std::uint8_t, 32>(raw)));
    EXPECT_EQ(to_hex(key.public_key().view()),
              "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
}

/// Converting the public key and converting the seed meet.
TEST(X25519, BothWaysFromEd25519Agree) {
    for (int i = 0; i < 20; ++i) {
        std::array<std::uint8_t, 32> seed{};
        seed.fill(static_cast<std::uint8_t>(i));
        auto copy = seed;
        const Ed25519Key signing = Ed25519Key::from(Ed25519Seed(seed));
        const X25519Key converted = X25519Key::from(ed25519_seed_to_x25519(Ed25519Seed(copy)));
        EXPECT_EQ(ed25519_to_x25519(signing.public_key()).value(), converted.public_key());
    }
}

TEST(X25519, RefusesPointsOfSmallOrder) {
    for (const std::string_view key : {"0100000000000000000000000000000000000000000000000000000000000000",
                                       "0000000000000000000000000000000000000000000000000000000000000000",
                                       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                       "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"}) {
        const auto converted = ed25519_to_x25519(fixed_from_hex<Ed25519Public>(key).value());
        ASSERT_FALSE(converted.has_value()) << key;
        EXPECT_EQ(converted.error().rule, "E_KEY");
    }
    // y = 2 is on no point of the curve.
    Ed25519Public two;
    two.bytes[0] = 2;
    EXPECT_EQ(ed25519_to_x25519(two).error().rule, "E_KEY");
}

TEST(X25519, GeneratedKeysDiffer) {
    EXPECT_NE(X25519Key::generate().public_key(), X25519Key::generate().public_key());
}

}  // namespace
}  // namespace lumoz::crypto

// SPDX-License-Identifier: Apache-2.0
#include "crypto/ed25519.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace lumoz::crypto {
namespace {

Ed25519Key key_of(std::string_view seed) {
    Bytes raw = from_hex(seed).value();
    return Ed25519Key::from(Ed25519Seed(std::span<std::uint8_t, 32>(raw)));
}

struct Known {
    std::string_view seed, key, message, signature;
};

/// RFC 8032 7.1, tests 1 to 3.
constexpr Known kKnown[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd"
     "25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c3"
     "87b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594"
     "a7c15e9716ed28dc027beceea1ec40a"}};

TEST(Ed25519, GivesTheAnswersOfTheRfc) {
    for (const Known& known : kKnown) {
        const Ed25519Key key = key_of(known.seed);
        const Bytes message = from_hex(known.message).value();
        EXPECT_EQ(to_hex(key.public_key().view()), known.key);
        EXPECT_EQ(to_hex(key.sign(message).view()), known.signature);
        EXPECT_TRUE(ed25519_verify(key.public_key(), message, key.sign(message)));
    }
}

TEST(Ed25519, RefusesEveryFlippedBit) {
    const Ed25519Key key = key_of(kKnown[0].seed);
    const ByteView message = as_bytes("message");
    const Ed25519Signature good = key.sign(message);
    for (std::size_t bit = 0; bit < 512; ++bit) {
        Ed25519Signature bad = good;
        bad.bytes[bit / 8] = static_cast<std::uint8_t>(bad.bytes[bit / 8] ^ (1U << bit % 8));
        EXPECT_FALSE(ed25519_verify(key.public_key(), message, bad)) << bit;
    }
    for (std::size_t bit = 0; bit < 256; ++bit) {
        Ed25519Public bad = key.public_key();
        bad.bytes[bit / 8] = static_cast<std::uint8_t>(bad.bytes[bit / 8] ^ (1U << bit % 8));
        EXPECT_FALSE(ed25519_verify(bad, message, good)) << bit;
    }
    EXPECT_FALSE(ed25519_verify(key.public_key(), as_bytes("Message"), good));
}

/// With A of small order, R = identity and s = 0 satisfy the equation for many messages.
TEST(Ed25519, RefusesKeysOfSmallOrder) {
    Ed25519Signature forged;
    forged.bytes[0] = 1;  // R: the neutral point
    for (const std::string_view key : {"0100000000000000000000000000000000000000000000000000000000000000",
                                       "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                       "0000000000000000000000000000000000000000000000000000000000000000",
                                       "0000000000000000000000000000000000000000000000000000000000000080",
                                       "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                                       "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"}) {
        const auto parsed = fixed_from_hex<Ed25519Public>(key).value();
        for (const std::string_view message : {"", "a", "b", "c", "d", "e", "f", "g", "h"})
            EXPECT_FALSE(ed25519_verify(parsed, as_bytes(message), forged)) << key;
    }
}

TEST(Ed25519, GeneratedKeysDiffer) {
    const Ed25519Key a = Ed25519Key::generate(), b = Ed25519Key::generate();
    EXPECT_NE(a.public_key(), b.public_key());
    EXPECT_TRUE(ed25519_verify(a.public_key(), as_bytes("x"), a.sign(as_bytes("x"))));
    EXPECT_FALSE(ed25519_verify(b.public_key(), as_bytes("x"), a.sign(as_bytes("x"))));
}

}  // namespace
}  // namespace lumoz::crypto

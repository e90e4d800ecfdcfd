// SPDX-License-Identifier: Apache-2.0
#include "crypto/secp256k1.hpp"

#include "base/hex.hpp"
#include "crypto/keccak.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace lumoz::crypto {
namespace {

constexpr std::string_view kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
constexpr std::string_view kHalf = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";
constexpr std::string_view kAboveHalf = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1";
const std::string kZero(64, '0');
const std::string kOne = std::string(63, '0') + "1";

Result<Secp256k1Key> key_of(std::string_view scalar) {
    Bytes raw = from_hex(scalar).value();
    return Secp256k1Key::from(Secp256k1Seed(std::span<std::uint8_t, 32>(raw)));
}
RecoverableSignature signature(const std::string& r, const std::string& s, const std::string& v) {
    return fixed_from_hex<RecoverableSignature>(r + s + v).value();
}

TEST(Secp256k1, ScalarOneIsTheGenerator) {
    // SEC 2, 2.4.1.
    EXPECT_EQ(to_hex(key_of(kOne)->public_key().view()),
              "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
              "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8");
    EXPECT_EQ(to_eip55(key_of(kOne)->address()), "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
}

TEST(Secp256k1, RefusesScalarsOutOfRange) {
    for (const std::string& scalar : {kZero, std::string(kOrder), std::string(64, 'f')})
        EXPECT_EQ(key_of(scalar).error().rule, "E_KEY") << scalar;
}

/// The test cases of EIP-55.
TEST(Secp256k1, ChecksumIsThatOfEip55) {
    for (const std::string_view address :
         {"0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
          "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
          "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
          "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"}) {
        const EthAddress parsed = parse_address(address).value();
        EXPECT_EQ(to_eip55(parsed), address);
        EXPECT_EQ(parse_address(to_lower_address(parsed)).value(), parsed);
        EXPECT_EQ(parse_address(address.substr(2)).value(), parsed);
    }
}

TEST(Secp256k1, RefusesWhatIsNoAddress) {
    const std::string good(40, 'a');
    for (const std::string& text :
         {std::string(), std::string("0x"), good.substr(1), good + "a", "0x" + good + "00", "0X" + good,
          "0x0x" + good.substr(2), good.substr(1) + "g", " " + good}) {
        const auto address = parse_address(text);
        ASSERT_FALSE(address.has_value()) << text;
        EXPECT_EQ(address.error().rule, "E_ADDRESS");
    }
}

/// The digest that Ethereum libraries document for "Hello World" under EIP-191.
TEST(Secp256k1, PersonalDigestHasThePrefix) {
    EXPECT_EQ(to_hex(eip191_digest("Hello World").view()),
              "a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2");
    EXPECT_EQ(eip191_digest("abc"), keccak256(as_bytes("\x19"
                                                       "Ethereum Signed Message:\n3abc")));
    EXPECT_EQ(eip191_digest(""), keccak256(as_bytes("\x19"
                                                    "Ethereum Signed Message:\n0")));
}

TEST(Secp256k1, RecoversTheSigner) {
    const Secp256k1Key key = Secp256k1Key::generate();
    for (int i = 0; i < 50; ++i) {
        const Digest256 digest = keccak256(as_bytes(std::to_string(i)));
        const RecoverableSignature made = key.sign_digest(digest);
        EXPECT_EQ(recover(digest, made).value(), key.public_key());
        EXPECT_EQ(key.sign_digest(digest), made) << "the nonce is deterministic";
        RecoverableSignature flipped = made;
        flipped.bytes[64] = made.bytes[64] == 27 ? 28 : 27;
        const auto other = recover(digest, flipped);
        EXPECT_TRUE(!other || *other != key.public_key());
    }
}

TEST(Secp256k1, NoFlippedBitRecoversTheSigner) {
    const Secp256k1Key key = key_of(kOne).value();
    const Digest256 digest = eip191_digest("text");
    const RecoverableSignature good = key.sign_personal("text");
    for (std::size_t bit = 0; bit < 65 * 8; ++bit) {
        RecoverableSignature bad = good;
        bad.bytes[bit / 8] = static_cast<std::uint8_t>(bad.bytes[bit / 8] ^ (1U << bit % 8));
        const auto signer = recover(digest, bad);
        EXPECT_TRUE(!signer || *signer != key.public_key()) << bit;
    }
}

TEST(Secp256k1, RecoverNamesWhatIsWrong) {
    const std::string r = kOne;
    const auto where = [](const RecoverableSignature& bad) {
        const auto result = recover(Digest256{}, bad);
        return result ? std::string("accepted")
                      : std::string(result.error().rule) + " " + std::string(result.error().where);
    };
    for (const std::string v : {"00", "01", "1a", "1d", "ff"})
        EXPECT_EQ(where(signature(r, kOne, v)), "E_SIGNATURE secp256k1.recover.v") << v;
    EXPECT_EQ(where(signature(std::string(kOrder), kOne, "1b")), "E_SIGNATURE secp256k1.recover.range");
    EXPECT_EQ(where(signature(r, std::string(kOrder), "1b")), "E_SIGNATURE secp256k1.recover.range");
    EXPECT_EQ(where(signature(r, std::string(kAboveHalf), "1b")), "E_SIGNATURE_HIGH_S secp256k1.recover.s");
    EXPECT_EQ(where(signature(r, std::string(kHalf), "1b")), "accepted");
    EXPECT_EQ(where(signature(kZero, kOne, "1b")), "E_SIGNATURE secp256k1.recover.point");
    EXPECT_EQ(where(signature(r, kZero, "1b")), "E_SIGNATURE secp256k1.recover.point");
    // x = 5 is on no point: 5^3 + 7 is no square.
    EXPECT_EQ(where(signature(std::string(63, '0') + "5", kOne, "1b")),
              "E_SIGNATURE secp256k1.recover.point");
}

TEST(Secp256k1, RefusesPointsThatAreNone) {
    Secp256k1Public point = key_of(kOne)->public_key();
    EXPECT_TRUE(check_point(point).has_value());
    point.bytes[63] ^= 1;
    EXPECT_EQ(check_point(point).error().rule, "E_KEY");
    EXPECT_EQ(check_point(Secp256k1Public{}).error().rule, "E_KEY");
}

TEST(Secp256k1, SignsFromManyThreads) {
    const Secp256k1Key key = key_of(kOne).value();
    const RecoverableSignature expected = key.sign_personal("text");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i)
                ASSERT_EQ(key.sign_personal("text"), expected);
        });
    }
    for (auto& thread : threads)
        thread.join();
}

}  // namespace
}  // namespace lumoz::crypto

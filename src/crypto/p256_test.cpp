// SPDX-License-Identifier: Apache-2.0
#include "crypto/p256.hpp"

#include "base/hex.hpp"
#include "crypto/der.hpp"
#include "crypto/sha2.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace lumoz::crypto {
namespace {

/// RFC 6979 A.2.5.
constexpr std::string_view kScalar = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
constexpr std::string_view kPoint =
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
constexpr std::string_view kSample =
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
constexpr std::string_view kTest =
    "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
    "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083";
constexpr std::string_view kOrder = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
constexpr std::string_view kPrime = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
const std::string kZero(64, '0');
const std::string kOne = std::string(63, '0') + "1";

P256Public point(std::string_view hex) {
    return fixed_from_hex<P256Public>(hex).value();
}
P256Signature signature(std::string_view hex) {
    return fixed_from_hex<P256Signature>(hex).value();
}
Result<P256Key> key_of(std::string_view scalar) {
    Bytes raw = from_hex(scalar).value();
    return P256Key::from(P256Secret(std::span<std::uint8_t, 32>(raw)));
}

TEST(P256, GivesTheAnswersOfRfc6979) {
    const P256Key key = key_of(kScalar).value();
    EXPECT_EQ(to_hex(key.public_key().view()), kPoint);
    EXPECT_TRUE(p256_verify(point(kPoint), as_bytes("sample"), signature(kSample)));
    EXPECT_TRUE(p256_verify(point(kPoint), as_bytes("test"), signature(kTest)));
    EXPECT_TRUE(p256_verify_digest(point(kPoint), sha256(as_bytes("test")), signature(kTest)));
    EXPECT_FALSE(p256_verify(point(kPoint), as_bytes("test"), signature(kSample)));
}

TEST(P256, AcceptsHighS) {
    // n - s of the "test" signature: there is no low-s rule on this curve.
    const std::string r(kTest.substr(0, 64));
    EXPECT_TRUE(
        p256_verify(point(kPoint), as_bytes("test"),
                    signature(r + "fe60beeb8bd5d4ec42da6d94b639b6ea5dc07c4cd3965338e6f1887217f424ce")));
}

TEST(P256, RefusesEveryFlippedBit) {
    const P256Signature good = signature(kSample);
    for (std::size_t bit = 0; bit < 512; ++bit) {
        P256Signature bad = good;
        bad.bytes[bit / 8] = static_cast<std::uint8_t>(bad.bytes[bit / 8] ^ (1U << bit % 8));
        EXPECT_FALSE(p256_verify(point(kPoint), as_bytes("sample"), bad)) << bit;
        P256Public other = point(kPoint);
        other.bytes[bit / 8] = static_cast<std::uint8_t>(other.bytes[bit / 8] ^ (1U << bit % 8));
        EXPECT_FALSE(p256_verify(other, as_bytes("sample"), good)) << bit;
    }
}

/// r and s at the borders of their range, in all pairs.
TEST(P256, RefusesValuesAtTheBorders) {
    const std::string max(64, 'f');
    const std::string below_order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
    for (const std::string& r : {kZero, kOne, std::string(kOrder), below_order, std::string(kPrime), max}) {
        for (const std::string& s :
             {kZero, kOne, std::string(kOrder), below_order, std::string(kPrime), max}) {
            EXPECT_FALSE(p256_verify(point(kPoint), as_bytes("sample"), signature(r + s))) << r << s;
            EXPECT_FALSE(p256_verify_digest(point(kPoint), Digest256{}, signature(r + s))) << r << s;
        }
    }
}

TEST(P256, RefusesPointsThatAreNone) {
    EXPECT_TRUE(p256_check_point(point(kPoint)).has_value());
    const std::string x(kPoint.substr(0, 64)), y(kPoint.substr(64));
    for (const std::string& bad : {kZero + kZero, x + x, y + x, kZero + kOne, std::string(kPrime) + y,
                                   x + std::string(kPrime), std::string(128, 'f')}) {
        const Status status = p256_check_point(point(bad));
        ASSERT_FALSE(status.has_value()) << bad;
        EXPECT_EQ(status.error().rule, "E_KEY");
        EXPECT_FALSE(p256_verify(point(bad), as_bytes("sample"), signature(kSample)));
    }
    // x + p is another name of the same point and fits into 32 bytes when x is small.
    const std::string small_y = "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
    ASSERT_TRUE(
        p256_check_point(point("0000000000000000000000000000000000000000000000000000000000000005" + small_y))
            .has_value());
    EXPECT_EQ(
        p256_check_point(point("ffffffff00000001000000000000000000000001000000000000000000000004" + small_y))
            .error()
            .rule,
        "E_KEY");
}

TEST(P256, RefusesScalarsOutOfRange) {
    for (const std::string& scalar : {kZero, std::string(kOrder), std::string(64, 'f')})
        EXPECT_EQ(key_of(scalar).error().rule, "E_KEY") << scalar;
    EXPECT_TRUE(key_of(kOne).has_value());
}

TEST(P256, SignsWhatItVerifies) {
    const P256Key key = P256Key::generate(), other = P256Key::generate();
    for (const std::string_view message : {"", "a", "longer message"}) {
        const P256Signature made = key.sign(as_bytes(message));
        EXPECT_TRUE(p256_verify(key.public_key(), as_bytes(message), made));
        EXPECT_FALSE(p256_verify(other.public_key(), as_bytes(message), made));
        EXPECT_EQ(p256_signature_from_der(p256_signature_to_der(made)).value(), made);
    }
}

TEST(P256, DerivedKeysDependOnSeedAndLabel) {
    const Digest256 seed = sha256(as_bytes("seed")), other = sha256(as_bytes("other"));
    EXPECT_EQ(P256Key::derive(seed, "root").public_key(), P256Key::derive(seed, "root").public_key());
    EXPECT_NE(P256Key::derive(seed, "root").public_key(), P256Key::derive(seed, "leaf").public_key());
    EXPECT_NE(P256Key::derive(seed, "root").public_key(), P256Key::derive(other, "root").public_key());
}

TEST(P256, TheSpkiIsThatOfOpenssl) {
    const P256Key key = key_of(kScalar).value();
    const Bytes spki = p256_spki(key.public_key());
    EXPECT_EQ(spki.size(), 91U);
    EXPECT_EQ(to_hex(ByteView(spki).first(27)), "3059301306072a8648ce3d020106082a8648ce3d03010703420004");
    const std::uint8_t* at = spki.data();
    EVP_PKEY* const parsed = d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size()));
    ASSERT_NE(parsed, nullptr);
    EVP_PKEY_free(parsed);
}

TEST(P256, ThePemIsReadByOpenssl) {
    const P256Key key = P256Key::generate();
    const std::string pem = key.private_pem_for_tls();
    EXPECT_TRUE(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    BIO* const memory = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    EVP_PKEY* const parsed = PEM_read_bio_PrivateKey(memory, nullptr, nullptr, nullptr);
    BIO_free(memory);
    ASSERT_NE(parsed, nullptr);
    std::uint8_t* raw = nullptr;
    const int size = i2d_PUBKEY(parsed, &raw);
    ASSERT_GT(size, 0);
    EXPECT_TRUE(equal(ByteView(raw, static_cast<std::size_t>(size)), p256_spki(key.public_key())));
    OPENSSL_free(raw);
    EVP_PKEY_free(parsed);
}

/// The families of wrong encodings that published ECDSA test suites have.
TEST(P256, SignatureDerIsStrict) {
    const Bytes good = p256_signature_to_der(signature(kSample));
    EXPECT_EQ(p256_signature_from_der(good).value(), signature(kSample));
    for (std::size_t cut = 0; cut < good.size(); ++cut)
        EXPECT_EQ(p256_signature_from_der(ByteView(good).first(cut)).error().rule, "E_DER") << cut;
    const std::string r = "022100" + std::string(kSample.substr(0, 64));
    const std::string s = "022100" + std::string(kSample.substr(64));
    ASSERT_EQ(to_hex(good), "3046" + r + s);
    for (const std::string& bad : {"308146" + r + s,
                                   "30820046" + r + s,
                                   "3080" + r + s + "0000",
                                   "3046" + r + s + "00",
                                   "3048" + r + s + "0500",
                                   "3146" + r + s,
                                   "3045" + r + s,
                                   "3047" + r + s,
                                   "3023" + r,
                                   std::string("3000"),
                                   std::string("0500"),
                                   "30470222"
                                   "0000" +
                                       r.substr(6) + s,
                                   "3045"
                                   "0220" +
                                       r.substr(6) + s,
                                   "3047"
                                   "02812100" +
                                       r.substr(6) + s,
                                   std::string("3006020101020101") + "00",
                                   std::string("3005020002"
                                               "0101"),
                                   std::string("30060201ff020101"),
                                   std::string("30060201010201ff"),
                                   std::string("3007020200"
                                               "01020101"),
                                   std::string("3006030101020101"),
                                   std::string("3006020101090101"),
                                   std::string("3006a20101020101"),
                                   "3047"
                                   "0222"
                                   "01"
                                   "00" +
                                       r.substr(6) + s,
                                   std::string("30090201010201010201"
                                               "01")}) {
        ASSERT_EQ(bad.size() % 2, 0U) << bad;
        const auto parsed = p256_signature_from_der(from_hex(bad).value());
        ASSERT_FALSE(parsed.has_value()) << bad;
        EXPECT_EQ(parsed.error().rule, "E_DER");
    }
    EXPECT_EQ(to_hex(p256_signature_from_der(from_hex("3006020101020102").value())->view()),
              kOne + std::string(63, '0') + "2");
}

}  // namespace
}  // namespace lumoz::crypto

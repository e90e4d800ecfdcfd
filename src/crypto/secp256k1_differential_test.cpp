// SPDX-License-Identifier: Apache-2.0
// libsecp256k1 and OpenSSL are two implementations by different people: each must accept what the other made.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hex.hpp"
#include "crypto/keccak.hpp"
#include "crypto/owned.hpp"
#include "crypto/secp256k1.hpp"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

namespace lumoz::crypto {
namespace {

using Number = Owned<BIGNUM, BN_free>;
using Key = Owned<EC_KEY, EC_KEY_free>;
using Point = Owned<EC_POINT, EC_POINT_free>;
using Signature = Owned<ECDSA_SIG, ECDSA_SIG_free>;

struct Pair {
    Key openssl;
    Secp256k1Key ours;
};

/// The same scalar in both libraries.
Pair make_pair(std::string_view label) {
    Digest256 scalar = keccak256(as_bytes(label));
    Key key(EC_KEY_new_by_curve_name(NID_secp256k1));
    const EC_GROUP* const group = EC_KEY_get0_group(key.get());
    const Number number(BN_bin2bn(scalar.bytes.data(), 32, nullptr));
    const Point point(EC_POINT_new(group));
    EXPECT_EQ(EC_POINT_mul(group, point.get(), number.get(), nullptr, nullptr, nullptr), 1);
    EXPECT_EQ(EC_KEY_set_private_key(key.get(), number.get()), 1);
    EXPECT_EQ(EC_KEY_set_public_key(key.get(), point.get()), 1);
    return {std::move(key), Secp256k1Key::from(Secp256k1Seed(std::span(scalar.bytes))).value()};
}

Secp256k1Public public_of(const EC_KEY* key) {
    std::array<std::uint8_t, 65> raw{};
    EXPECT_EQ(EC_POINT_point2oct(EC_KEY_get0_group(key), EC_KEY_get0_public_key(key),
                                 POINT_CONVERSION_UNCOMPRESSED, raw.data(), raw.size(), nullptr),
              raw.size());
    return Secp256k1Public::from(ByteView(raw).subspan(1)).value();
}

TEST(Secp256k1Differential, PublicKeysAgree) {
    for (int i = 0; i < 20; ++i) {
        const Pair pair = make_pair("key" + std::to_string(i));
        EXPECT_EQ(pair.ours.public_key(), public_of(pair.openssl.get()));
    }
}

TEST(Secp256k1Differential, OpensslAcceptsOurSignatures) {
    const Pair pair = make_pair("ours");
    for (int i = 0; i < 20; ++i) {
        const Digest256 digest = keccak256(as_bytes(std::to_string(i)));
        const RecoverableSignature made = pair.ours.sign_digest(digest);
        const Signature parsed(ECDSA_SIG_new());
        ASSERT_EQ(ECDSA_SIG_set0(parsed.get(), BN_bin2bn(made.bytes.data(), 32, nullptr),
                                 BN_bin2bn(made.bytes.data() + 32, 32, nullptr)),
                  1);
        EXPECT_EQ(ECDSA_do_verify(digest.bytes.data(), 32, parsed.get(), pair.openssl.get()), 1);
        Digest256 other = digest;
        other.bytes[0] ^= 1;
        EXPECT_EQ(ECDSA_do_verify(other.bytes.data(), 32, parsed.get(), pair.openssl.get()), 0);
    }
}

/// OpenSSL makes a high s half of the time: that one must be refused, its low twin must lead to the key.
TEST(Secp256k1Differential, WeRecoverWhatOpensslSigned) {
    const Pair pair = make_pair("theirs");
    const BIGNUM* const order = EC_GROUP_get0_order(EC_KEY_get0_group(pair.openssl.get()));
    for (int i = 0; i < 20; ++i) {
        const Digest256 digest = keccak256(as_bytes(std::to_string(i)));
        const Signature made(ECDSA_do_sign(digest.bytes.data(), 32, pair.openssl.get()));
        const BIGNUM* const s = ECDSA_SIG_get0_s(made.get());
        const Number twin(BN_dup(order));
        ASSERT_EQ(BN_sub(twin.get(), order, s), 1);
        const bool is_low = BN_cmp(s, twin.get()) < 0;
        int found = 0;
        for (const std::uint8_t v : {std::uint8_t{27}, std::uint8_t{28}}) {
            RecoverableSignature low, high;
            BN_bn2binpad(ECDSA_SIG_get0_r(made.get()), low.bytes.data(), 32);
            low.bytes[64] = v;
            high = low;
            BN_bn2binpad(is_low ? s : twin.get(), low.bytes.data() + 32, 32);
            BN_bn2binpad(is_low ? twin.get() : s, high.bytes.data() + 32, 32);
            EXPECT_EQ(recover(digest, high).error().rule, "E_SIGNATURE_HIGH_S");
            const auto signer = recover(digest, low);
            found += signer && *signer == pair.ours.public_key() ? 1 : 0;
        }
        EXPECT_EQ(found, 1);
    }
}

}  // namespace
}  // namespace lumoz::crypto

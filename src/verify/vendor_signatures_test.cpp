// SPDX-License-Identifier: Apache-2.0
#include "verify/vendor_signatures.hpp"

#include "base/testing.hpp"
#include "crypto/sha2.hpp"
#include "evidence/collateral.hpp"
#include "evidence/pck.hpp"
#include "verify/roots.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

TEST(VendorSignatures, EveryRowHolds) {
    ASSERT_EQ(vendor_signatures().size(), 5U);
    for (const VendorSignature& row : vendor_signatures()) {
        EXPECT_TRUE(crypto::p256_verify_digest(vendor_root_key(), row.digest, row.signature));
        EXPECT_TRUE(is_vendor_signature(vendor_root_key(), row.digest, row.signature));
    }
}

TEST(VendorSignatures, TheKeyIsTheOneThatIsPinned) {
    EXPECT_EQ(crypto::sha256(crypto::p256_spki(vendor_root_key())), intel_root_pin());
}

TEST(VendorSignatures, AnyOtherByteIsNotKnown) {
    for (const VendorSignature& row : vendor_signatures()) {
        for (std::size_t i = 0; i < crypto::P256Signature::kSize; ++i) {
            crypto::P256Signature signature = row.signature;
            signature.bytes[i] ^= 1;
            EXPECT_FALSE(is_vendor_signature(vendor_root_key(), row.digest, signature));
            crypto::P256Public key = vendor_root_key();
            key.bytes[i] ^= 1;
            EXPECT_FALSE(is_vendor_signature(key, row.digest, row.signature));
        }
        for (std::size_t i = 0; i < Digest256::kSize; ++i) {
            Digest256 digest = row.digest;
            digest.bytes[i] ^= 1;
            EXPECT_FALSE(is_vendor_signature(vendor_root_key(), digest, row.signature));
        }
    }
}

TEST(VendorSignatures, CoversTheCaCertificatesOfRealCollateral) {
    const auto dir = testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors";
    const auto bundle = evidence::Collateral::parse(
        testing::read_file(*dir / "tdx/collateral/real/G_tdx_00806F05_2025-10.json"));
    ASSERT_TRUE(bundle.has_value());
    for (const std::string& chain : {bundle->pck_crl_issuer_chain, bundle->tcb_info_issuer_chain}) {
        const auto certificates = evidence::split_certificates(chain);
        ASSERT_TRUE(certificates.has_value());
        ASSERT_EQ(certificates->size(), 2U);
        for (const Bytes& der : *certificates) {
            const auto certificate = evidence::Certificate::parse(der);
            ASSERT_TRUE(certificate.has_value());
            EXPECT_TRUE(
                is_vendor_signature(vendor_root_key(), certificate->digest(), certificate->signature));
        }
    }
}

}  // namespace
}  // namespace lumoz::verify

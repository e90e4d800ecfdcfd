// SPDX-License-Identifier: Apache-2.0
#include "simtee/vendor.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "evidence/crl.hpp"
#include "evidence/qe_identity.hpp"
#include "evidence/tcb_info.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace lumoz::simtee {
namespace {

constexpr UnixTime kNow = 1800000000;

Digest256 seed(std::uint8_t value) {
    Digest256 out;
    out.bytes.fill(value);
    return out;
}

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using ContextPtr = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;
struct StackDeleter {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using StackPtr = std::unique_ptr<STACK_OF(X509), StackDeleter>;

std::vector<Bytes> split(const std::string& pem) {
    return evidence::split_certificates(pem).value_or(std::vector<Bytes>());
}

X509Ptr openssl_certificate(const Bytes& der) {
    const unsigned char* in = der.data();
    return X509Ptr(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
}

/// OpenSSL's verdict on a chain, leaf first, with both CRLs demanded; strict profile.
int openssl_verdict(const std::string& chain, const evidence::Collateral& collateral) {
    std::vector<X509Ptr> certificates;
    for (const Bytes& der : split(chain)) {
        certificates.push_back(openssl_certificate(der));
    }
    const StorePtr store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), certificates.back().get());
    for (const std::string& hex : {collateral.root_ca_crl, collateral.pck_crl}) {
        const Bytes der = *from_hex(hex);
        const unsigned char* in = der.data();
        const CrlPtr crl(d2i_X509_CRL(nullptr, &in, static_cast<long>(der.size())));
        X509_STORE_add_crl(store.get(), crl.get());
    }
    const StackPtr others(sk_X509_new_null());
    for (std::size_t i = 1; i + 1 < certificates.size(); ++i) {
        sk_X509_push(others.get(), certificates[i].get());
    }
    const ContextPtr context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), certificates.front().get(), others.get());
    X509_STORE_CTX_set_flags(context.get(),
                             X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_X509_STRICT);
    X509_STORE_CTX_set_time(context.get(), 0, kNow);
    return X509_verify_cert(context.get()) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context.get());
}

TEST(SimVendor, OpensslAcceptsBothChainsWithCrls) {
    const Vendor vendor(seed(1));
    const evidence::Collateral collateral = vendor.collateral(kNow);
    EXPECT_EQ(openssl_verdict(vendor.pck_chain(), collateral), X509_V_OK);
    EXPECT_EQ(openssl_verdict(collateral.tcb_info_issuer_chain, collateral), X509_V_OK);
    EXPECT_EQ(openssl_verdict(vendor.pck_chain(), vendor.collateral(kNow - 2 * kCollateralLifetime)),
              X509_V_ERR_CRL_HAS_EXPIRED);
}

TEST(SimVendor, OpensslSeesTheExtensionsOfTheProfile) {
    const Vendor vendor(seed(1));
    const auto chain = split(vendor.pck_chain());
    ASSERT_EQ(chain.size(), 3U);
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const X509Ptr certificate = openssl_certificate(chain[i]);
        ASSERT_NE(certificate, nullptr);
        EXPECT_EQ(X509_get_version(certificate.get()), X509_VERSION_3);
        for (const int id : {NID_authority_key_identifier, NID_crl_distribution_points,
                             NID_subject_key_identifier, NID_key_usage, NID_basic_constraints}) {
            EXPECT_GE(X509_get_ext_by_NID(certificate.get(), id, -1), 0) << i << " " << id;
        }
        EXPECT_EQ(X509_get_extension_flags(certificate.get()) & (EXFLAG_INVALID | EXFLAG_CRITICAL), 0U);
        EXPECT_EQ(X509_check_ca(certificate.get()) == 1, i != 0);
        EXPECT_EQ(X509_get_key_usage(certificate.get()),
                  static_cast<std::uint32_t>(i == 0 ? KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION
                                                    : KU_KEY_CERT_SIGN | KU_CRL_SIGN));
    }
}

TEST(SimVendor, CertificatesAreOfTheStrictProfileAndNamedExactly) {
    const Vendor vendor(seed(1));
    const std::string_view names[] = {"Intel SGX PCK Certificate", "Intel SGX PCK Platform CA",
                                      "Intel SGX Root CA"};
    const auto chain = split(vendor.pck_chain());
    ASSERT_EQ(chain.size(), std::size(names));
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const auto certificate = evidence::Certificate::parse(chain[i]);
        ASSERT_TRUE(certificate) << certificate.error().detail;
        EXPECT_EQ(certificate->common_name(), names[i]);
        EXPECT_EQ(certificate->ca, i != 0);
        EXPECT_EQ(certificate->key_cert_sign, i != 0);
        EXPECT_EQ(certificate->digital_signature, i == 0);
    }
    const auto root = evidence::Certificate::parse(chain[2]);
    EXPECT_EQ(crypto::sha256(root->spki()), vendor.root_pin());
    const auto signer = evidence::Certificate::parse(split(vendor.collateral(kNow).tcb_info_issuer_chain)[0]);
    ASSERT_TRUE(signer);
    EXPECT_EQ(signer->common_name(), "Intel SGX TCB Signing");
}

TEST(SimVendor, PckExtensionReadsBackAsThePlatform) {
    const Vendor vendor(seed(1));
    const auto leaf = evidence::Certificate::parse(split(vendor.pck_chain())[0]);
    ASSERT_TRUE(leaf);
    const auto extension = evidence::parse_pck_extension(*leaf);
    ASSERT_TRUE(extension) << extension.error().detail;
    const evidence::PckExtension& platform = vendor.platform();
    EXPECT_EQ(extension->ppid, platform.ppid);
    EXPECT_EQ(extension->components, platform.components);
    EXPECT_EQ(extension->pcesvn, platform.pcesvn);
    EXPECT_EQ(extension->cpusvn, platform.cpusvn);
    EXPECT_EQ(extension->pceid, platform.pceid);
    EXPECT_EQ(extension->fmspc, platform.fmspc);
    EXPECT_EQ(extension->sgx_type, 1);
    EXPECT_EQ(extension->platform_instance_id, platform.platform_instance_id);
    ASSERT_TRUE(extension->configuration);
    EXPECT_TRUE(extension->configuration->dynamic_platform);
    EXPECT_FALSE(extension->configuration->cached_keys);
    EXPECT_TRUE(extension->configuration->smt_enabled);
}

TEST(SimVendor, CrlsListNobodyAndEnd) {
    const Vendor vendor(seed(1));
    const evidence::Collateral collateral = vendor.collateral(kNow);
    const auto chain = split(vendor.pck_chain());
    const std::pair<const std::string&, std::size_t> lists[] = {{collateral.pck_crl, 1},
                                                                {collateral.root_ca_crl, 2}};
    for (const auto& [text, issuer] : lists) {
        const auto crl = evidence::Crl::parse(*evidence::decode_crl(text));
        ASSERT_TRUE(crl) << crl.error().detail;
        const auto ca = evidence::Certificate::parse(chain[issuer]);
        EXPECT_EQ(crl->revoked_count(), 0U);
        EXPECT_TRUE(crl->has_number());
        EXPECT_TRUE(equal(crl->issuer(), ca->subject()));
        EXPECT_TRUE(equal(crl->authority_key_id(), ca->subject_key_id()));
        EXPECT_TRUE(crypto::p256_verify(ca->key, crl->tbs(), crl->signature));
        EXPECT_EQ(crl->this_update, kNow - kBackdated);
        EXPECT_EQ(crl->next_update, kNow - kBackdated + kCollateralLifetime);
    }
}

TEST(SimVendor, DocumentsAreSignedAndFitThePlatform) {
    const Vendor vendor(seed(1));
    const evidence::Collateral collateral = vendor.collateral(kNow);
    const auto signer = evidence::Certificate::parse(split(collateral.tcb_info_issuer_chain)[0]);
    const auto info = evidence::TcbInfo::parse(collateral.tcb_info);
    ASSERT_TRUE(info) << info.error().detail;
    EXPECT_TRUE(info->tdx);
    EXPECT_EQ(info->fmspc, vendor.platform().fmspc);
    EXPECT_EQ(info->pceid, vendor.platform().pceid);
    EXPECT_EQ(info->next_update, kNow - kBackdated + kCollateralLifetime);
    ASSERT_EQ(info->module_identities.size(), 1U);
    EXPECT_EQ(info->module_identities[0].major, tee_tcb_svn()[1]);
    EXPECT_EQ(info->levels.at(0).status, evidence::TcbStatus::UpToDate);
    EXPECT_TRUE(crypto::p256_verify(signer->key, as_bytes(collateral.tcb_info),
                                    *fixed_from_hex<crypto::P256Signature>(collateral.tcb_info_signature)));
    const auto identity = evidence::QeIdentity::parse(collateral.qe_identity);
    ASSERT_TRUE(identity) << identity.error().detail;
    EXPECT_EQ(identity->id, evidence::EnclaveId::TdQe);
    EXPECT_EQ(identity->mr_signer, qe_facts().mr_signer);
    EXPECT_TRUE(
        crypto::p256_verify(signer->key, as_bytes(collateral.qe_identity),
                            *fixed_from_hex<crypto::P256Signature>(collateral.qe_identity_signature)));
}

TEST(SimVendor, BundleReadsBackFromItsJson) {
    const evidence::Collateral made = Vendor(seed(1)).collateral(kNow);
    const auto read = evidence::Collateral::parse(made.to_json());
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->tcb_info, made.tcb_info);
    EXPECT_EQ(read->qe_identity_signature, made.qe_identity_signature);
    EXPECT_EQ(read->pck_crl, made.pck_crl);
}

TEST(SimVendor, TheSeedDecidesTheKeys) {
    EXPECT_EQ(Vendor(seed(1)).root_pin(), Vendor(seed(1)).root_pin());
    EXPECT_NE(Vendor(seed(1)).root_pin(), Vendor(seed(2)).root_pin());
    EXPECT_NE(Vendor(seed(1)).platform().ppid, Vendor(seed(2)).platform().ppid);
}

}  // namespace
}  // namespace lumoz::simtee

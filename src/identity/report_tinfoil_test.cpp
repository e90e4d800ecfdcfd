// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "base/testing.hpp"
#include "evidence/crl.hpp"
#include "evidence/intel_pcs.hpp"
#include "evidence/tinfoil.hpp"
#include "identity/pcs_answers.hpp"
#include "identity/report.hpp"
#include "identity/testing.hpp"

#include <gtest/gtest.h>

namespace lumoz::identity {
namespace {

constexpr json::Limits kLarge{.max_bytes = std::size_t{8} << 20, .max_depth = 32};

struct Documents {
    Documents() {
        nonce.bytes.fill(0x77);
        tee.tee_type = "tdx";
        evidence.quote = Bytes(1'000, 0xcd);
    }
    testing::Service service;
    Nonce nonce;
    TeeFacts tee;
    tee::Evidence evidence;
};

TEST(TinfoilDocument, SecondGenerationBindsTheTlsAndTheHpkeKey) {
    const Documents d;
    const Binding binding = bind_tinfoil(d.service.identity, std::nullopt);
    EXPECT_EQ(to_hex(binding.report_data.view()),
              to_hex(d.service.identity.tls_spki->view()) + to_hex(d.service.identity.hpke.view()));
    EXPECT_EQ(d.service.identity.hpke, d.service.keys.hpke_x25519.public_key());
    const std::string text = tinfoil_v2_json(d.tee, d.evidence);
    const auto document = json::Document::parse(text, kLarge);
    ASSERT_TRUE(document);
    const auto read = evidence::TinfoilV2::from(document->root());
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->cpu, evidence::CpuEvidence::TdxQuote);
    EXPECT_EQ(read->evidence, d.evidence.quote);
}

TEST(TinfoilDocument, ThirdGenerationBindsTheNonceAndSaysThatThereIsNoDevice) {
    const Documents d;
    const Binding binding = bind_tinfoil(d.service.identity, d.nonce);
    const std::string text = tinfoil_v3_json(d.tee, binding, d.evidence, nullptr);
    const auto document = json::Document::parse(text, kLarge);
    ASSERT_TRUE(document);
    const auto read = evidence::TinfoilV3::from(document->root());
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->nonce, d.nonce);
    EXPECT_EQ(read->report_data, binding.report_data);
    EXPECT_EQ(read->crypto_material_hash, read->crypto_material_sha256);
    EXPECT_EQ(read->device_evidence_hash, read->device_evidence_sha256);
    EXPECT_EQ(read->report_data, evidence::tinfoil_v3_report_data(d.nonce, read->crypto_material_sha256,
                                                                  read->device_evidence_sha256));
    EXPECT_EQ(read->key("tls"), d.service.identity.tls_spki);
    ASSERT_TRUE(read->key("hpke"));
    EXPECT_TRUE(equal(read->key("hpke")->view(), d.service.identity.hpke.view()));
    EXPECT_TRUE(read->devices.empty());
    EXPECT_FALSE(read->collateral);
    EXPECT_EQ(read->evidence, d.evidence.quote);
}

/// A quote that only names its platform needs the PCK chain that was stapled with the other documents.
TEST(TinfoilDocument, CarriesTheCollateralOfEveryKindOfQuote) {
    const auto vectors = lumoz::testing::vectors_dir();
    if (!vectors) GTEST_SKIP() << "no shared vectors";
    for (const std::string name : {"ok-tdx-processor-ca", "ok-certtype3"}) {
        Documents d;
        const std::string quote = lumoz::testing::read_file(*vectors / "tdx/quotes/syn" / (name + ".bin"));
        d.evidence.quote = to_bytes(as_bytes(quote));
        const StapledCollateral stapled{
            .json = lumoz::testing::read_file(*vectors / "tdx/collateral/syn" / (name + ".json"))};
        const std::string text =
            tinfoil_v3_json(d.tee, bind_tinfoil(d.service.identity, d.nonce), d.evidence, &stapled);
        EXPECT_NE(text.find("\"intel-pcs\""), std::string::npos) << name;
    }
}

TEST(TinfoilDocument, SevSnpHasItsOwnFormats) {
    Documents d;
    d.tee.tee_type = "sev_snp";
    EXPECT_NE(tinfoil_v2_json(d.tee, d.evidence).find("predicate/sev-snp-guest/v2"), std::string::npos);
    const std::string text =
        tinfoil_v3_json(d.tee, bind_tinfoil(d.service.identity, d.nonce), d.evidence, nullptr);
    EXPECT_NE(text.find("format/sev-snp-report/v1"), std::string::npos);
}

TEST(PcsAnswers, AreReadBackAsTheCollateralThatTheyCarry) {
    const auto vectors = lumoz::testing::vectors_dir();
    if (!vectors) GTEST_SKIP() << "no shared vectors";
    const auto collateral = evidence::Collateral::parse(
        lumoz::testing::read_file(*vectors / "tdx/collateral/real/D_tdx_20A06F_2025-09.json"));
    ASSERT_TRUE(collateral);
    evidence::Platform platform;
    platform.fmspc = *fixed_from_hex<evidence::Fmspc>("20a06f000000");
    const auto text = pcs_answers_json(*collateral, platform);
    ASSERT_TRUE(text) << text.error().detail;
    const auto document = json::Document::parse(*text, kLarge);
    ASSERT_TRUE(document);
    const auto back = evidence::collateral_from_pcs(document->root());
    ASSERT_TRUE(back) << back.error().detail;
    EXPECT_EQ(back->tcb_info, collateral->tcb_info);
    EXPECT_EQ(back->tcb_info_signature, collateral->tcb_info_signature);
    EXPECT_EQ(back->tcb_info_issuer_chain, collateral->tcb_info_issuer_chain);
    EXPECT_EQ(back->qe_identity, collateral->qe_identity);
    EXPECT_EQ(back->qe_identity_signature, collateral->qe_identity_signature);
    EXPECT_EQ(back->qe_identity_issuer_chain, collateral->qe_identity_issuer_chain);
    EXPECT_EQ(*evidence::decode_crl(back->pck_crl), *evidence::decode_crl(collateral->pck_crl));
    EXPECT_EQ(*evidence::decode_crl(back->root_ca_crl), *evidence::decode_crl(collateral->root_ca_crl));
    const auto responses = document->root().find("responses")->elements();
    EXPECT_EQ(responses.at(0).find("url")->as_string(),
              "https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=20a06f000000");
    platform.tdx = false;
    platform.ca = evidence::PckCa::Processor;
    const std::string sgx = *pcs_answers_json(*collateral, platform);
    EXPECT_NE(sgx.find("/sgx/certification/v4/tcb?"), std::string::npos);
    EXPECT_NE(sgx.find("pckcrl?ca=processor&"), std::string::npos);

    evidence::Collateral broken = *collateral;
    broken.pck_crl = "no list";
    EXPECT_EQ(pcs_answers_json(broken, platform).error().rule, "E_CRL_PARSE");
}

}  // namespace
}  // namespace lumoz::identity

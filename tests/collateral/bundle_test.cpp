// SPDX-License-Identifier: Apache-2.0
#include "collateral/bundle.hpp"

#include "tests/collateral/fake_vendor.hpp"
#include "verify/tdx.hpp"

#include <gtest/gtest.h>

namespace lumoz::collateral {
namespace {

using testing::FakeVendor;
using testing::kDay;
using testing::kNow;

class CollateralBundle : public ::testing::Test {
protected:
    Result<Imported> import(const evidence::Collateral& texts) {
        return import_bundle(texts.to_json(), {}, vendor_.roots(), kNow);
    }
    std::string rule(const evidence::Collateral& texts) {
        const auto imported = import(texts);
        return imported ? "" : std::string(imported.error().rule);
    }
    FakeVendor vendor_;
};

TEST_F(CollateralBundle, TravelsUnchanged) {
    const evidence::Collateral texts = vendor_.documents();
    const auto imported = import(texts);
    ASSERT_TRUE(imported) << imported.error().rule << imported.error().detail;
    EXPECT_EQ(imported->bundle.texts.to_json(), texts.to_json());
    EXPECT_FALSE(imported->compacted);
    EXPECT_EQ(imported->bundle.request.platform.fmspc, vendor_.request().platform.fmspc);
    EXPECT_TRUE(imported->bundle.request.platform.tdx);
    EXPECT_EQ(imported->bundle.evaluation_number, 1U);
    EXPECT_EQ(imported->bundle.not_before, kNow - simtee::kBackdated);
    EXPECT_EQ(imported->bundle.not_after, kNow - simtee::kBackdated + simtee::kCollateralLifetime);
}

TEST_F(CollateralBundle, TheEarliestEndIsTheBundles) {
    const std::string day = to_rfc3339(kNow + 3 * kDay);
    const std::string end = to_rfc3339(kNow - simtee::kBackdated + simtee::kCollateralLifetime);
    vendor_.bend_qe = [&](std::string text) { return testing::replaced(std::move(text), end, day); };
    EXPECT_EQ(import(vendor_.documents())->bundle.not_after, kNow + 3 * kDay);
}

TEST_F(CollateralBundle, APrettyPrintedDocumentIsCompactedOnImport) {
    evidence::Collateral texts = vendor_.documents();
    std::string pretty;
    for (const char c : texts.tcb_info) {
        pretty.push_back(c);
        if (c == ',' || c == ':' || c == '{') pretty += "\n  ";
    }
    texts.tcb_info = pretty;
    // The dates have colons inside texts, which the blanks above have torn: no compaction brings that back.
    EXPECT_EQ(rule(texts), "E_TCBINFO_PARSE");
    texts = vendor_.documents();
    pretty.clear();
    for (const char c : texts.qe_identity) {
        if (c == '}' || c == '{') pretty += " \t\r\n";
        pretty.push_back(c);
    }
    const std::string exact = texts.qe_identity;
    texts.qe_identity = pretty;
    const auto imported = import(texts);
    ASSERT_TRUE(imported) << imported.error().rule;
    EXPECT_TRUE(imported->compacted);
    EXPECT_EQ(imported->bundle.texts.qe_identity, exact);
}

TEST_F(CollateralBundle, CompactingLeavesTextsAlone) {
    EXPECT_EQ(compacted("{ \"a b\" : \"c \\\" d\" ,\n\t\"e\":[1 , 2] }"), R"({"a b":"c \" d","e":[1,2]})");
    EXPECT_EQ(compacted(R"("\\" : 1)"), R"("\\":1)");
    EXPECT_EQ(compacted(""), "");
    EXPECT_EQ(compacted("\"\\"), "\"\\");
}

TEST_F(CollateralBundle, ListsMayBePemOrHexInEitherCase) {
    evidence::Collateral texts = vendor_.documents();
    const std::string exact = texts.to_json();
    std::ranges::transform(texts.pck_crl, texts.pck_crl.begin(),
                           [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    texts.root_ca_crl = crypto::der::to_pem("X509 CRL", from_hex(texts.root_ca_crl).value_or(Bytes{}));
    const auto imported = import(texts);
    ASSERT_TRUE(imported);
    EXPECT_EQ(imported->bundle.texts.to_json(), exact);
}

TEST_F(CollateralBundle, TheChainOfThePckListMayComeFromAPckCertificate) {
    evidence::Collateral texts = vendor_.documents();
    texts.pck_crl_issuer_chain.clear();
    EXPECT_EQ(rule(texts), "E_COLLATERAL_PARSE");
    texts.pck_certificate_chain = vendor_.vendor().pck_chain();
    EXPECT_EQ(rule(texts), "");
}

TEST_F(CollateralBundle, DocumentsOfDifferentRootsAreNoBundle) {
    Digest256 other_seed;
    other_seed.bytes.fill(9);
    const simtee::Vendor other(other_seed);
    verify::RootPins both = vendor_.roots();
    both.also_accept(other.root_pin());
    evidence::Collateral texts = vendor_.documents();
    const evidence::Collateral foreign = other.collateral(kNow);
    texts.qe_identity = foreign.qe_identity;
    texts.qe_identity_signature = foreign.qe_identity_signature;
    texts.qe_identity_issuer_chain = foreign.qe_identity_issuer_chain;
    const auto imported = import_bundle(texts.to_json(), {}, both, kNow);
    ASSERT_FALSE(imported);
    EXPECT_EQ(imported.error().rule, "E_CHAIN_ROOT_UNTRUSTED");
    EXPECT_EQ(imported.error().where, kWhereBundle);
}

TEST_F(CollateralBundle, AMissingMemberOrNoJsonIsUnreadable) {
    EXPECT_EQ(import_bundle("{}", {}, vendor_.roots(), kNow).error().rule, "E_COLLATERAL_PARSE");
    EXPECT_EQ(import_bundle("<html>", {}, vendor_.roots(), kNow).error().rule, "E_COLLATERAL_PARSE");
}

TEST_F(CollateralBundle, EveryMemberIsLookedAt) {
    for (std::string evidence::Collateral::* const member :
         {&evidence::Collateral::root_ca_crl, &evidence::Collateral::pck_crl,
          &evidence::Collateral::tcb_info_issuer_chain, &evidence::Collateral::tcb_info,
          &evidence::Collateral::tcb_info_signature, &evidence::Collateral::qe_identity_issuer_chain,
          &evidence::Collateral::qe_identity, &evidence::Collateral::qe_identity_signature,
          &evidence::Collateral::pck_crl_issuer_chain}) {
        evidence::Collateral texts = vendor_.documents();
        std::string& text = texts.*member;
        text[text.size() / 2] = text[text.size() / 2] == '1' ? '2' : '1';
        EXPECT_NE(rule(texts), "");
    }
}

TEST_F(CollateralBundle, TheRootSaysWhereItsListIs) {
    const auto certificates = evidence::split_certificates(vendor_.documents().tcb_info_issuer_chain);
    const auto root = evidence::Certificate::parse(certificates->back());
    EXPECT_EQ(root->crl_url(), "https://simulated.invalid/IntelSGXRootCA.der");
}

}  // namespace
}  // namespace lumoz::collateral

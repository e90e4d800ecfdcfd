// SPDX-License-Identifier: Apache-2.0
#include "collateral/documents.hpp"

#include "base/hex.hpp"
#include "collateral/feeder.hpp"
#include "crypto/der.hpp"
#include "verify/test_tee.hpp"

#include <gtest/gtest.h>

namespace lumoz::collateral {
namespace {

using verify::testing::TestTee;

TEST(Paths, AreThoseOfTheSpecification) {
    const Platform tdx{.tdx = true, .fmspc = "00806f050000", .ca = "platform"};
    const Platform sgx{.tdx = false, .fmspc = "00606a000000", .ca = "processor"};
    EXPECT_EQ(tcb_info_path(tdx, {}), "/tdx/certification/v4/tcb?fmspc=00806f050000&update=standard");
    EXPECT_EQ(tcb_info_path(sgx, {.early = true}),
              "/sgx/certification/v4/tcb?fmspc=00606a000000&update=early");
    EXPECT_EQ(qe_identity_path(tdx, {.evaluation = 17}),
              "/tdx/certification/v4/qe/identity?tcbEvaluationDataNumber=17");
    EXPECT_EQ(pck_crl_path(sgx), "/sgx/certification/v4/pckcrl?ca=processor&encoding=der");
    EXPECT_EQ((Edition{.early = true, .evaluation = 3}.text()), "3");
}

TEST(Platforms, AreReadFromAQuoteAndFromWords) {
    const TestTee tee;
    const auto platform = platform_of(tee.quote({}));
    ASSERT_TRUE(platform);
    EXPECT_EQ(*platform, (Platform{.tdx = true, .fmspc = "505050505050", .ca = "platform"}));
    EXPECT_EQ(make_platform("tdx", "00806F050000", "platform")->fmspc, "00806f050000");
    for (const auto& [kind, fmspc, ca] :
         {std::tuple{"snp", "00806f050000", "platform"}, std::tuple{"tdx", "00806f0500", "platform"},
          std::tuple{"tdx", "00806f050000", "root"}}) {
        const auto refused = make_platform(kind, fmspc, ca);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().rule, "E_COLLATERAL_PLATFORM");
    }
}

TEST(ChainHeader, IsDecodedOnce) {
    EXPECT_EQ(*decode_chain_header("-----BEGIN%20CERTIFICATE-----%0AAA%3D%3D%0a"),
              "-----BEGIN CERTIFICATE-----\nAA==\n");
    EXPECT_EQ(*decode_chain_header("%250A"), "%0A");
    for (const std::string_view bad : {"%", "%1", "%zz", "a%0", "%00", "%ff", "\xc3\xa4", "%80"}) {
        const auto refused = decode_chain_header(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().rule, "E_CERT_PARSE");
    }
    EXPECT_FALSE(decode_chain_header(std::string((64 << 10) + 1, 'A')));
}

TEST(SignedText, IsCutOutByteByByte) {
    const std::string signature(128, 'a');
    const std::string inner = R"({ "id" : "TDX", "x":1.50,"y":"\u0041" })";
    const auto cut =
        cut_signed_text(R"({"tcbInfo":)" + inner + R"(,"signature":")" + signature + "\"}", "tcbInfo");
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->text, inner);
    EXPECT_EQ(cut->signature, signature);
    for (const std::string& bad :
         {std::string("<html>"), std::string("{}"), R"({"tcbInfo":)" + inner + "}",
          R"({"tcbInfo":"text","signature":")" + signature + "\"}",
          R"({"tcbInfo":)" + inner + R"(,"signature":"zz"})", std::string((1 << 20) + 1, ' ')}) {
        const auto refused = cut_signed_text(bad, "tcbInfo");
        ASSERT_FALSE(refused) << bad.substr(0, 60);
        EXPECT_EQ(refused.error().rule, "E_COLLATERAL_PARSE");
    }
}

TEST(RevocationList, IsReadInEveryEncoding) {
    const TestTee tee;
    const std::string& hex = tee.collateral().pck_crl;
    const Bytes der = *from_hex(hex);
    std::string upper = hex;
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    for (const std::string& form :
         {hex, upper, hex + "\n", std::string(as_text(der)), crypto::der::to_pem("X509 CRL", der)}) {
        const auto got = normalized_crl(as_bytes(form));
        ASSERT_TRUE(got) << form.substr(0, 40) << got.error().where;
        EXPECT_EQ(*got, hex);
    }
    for (const std::string& bad : {std::string(), to_hex(as_bytes(hex)), std::string("30"),
                                   std::string("<html>"), hex.substr(1), std::string(as_text(der)) + "x"}) {
        const auto refused = normalized_crl(as_bytes(bad));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().rule, "E_CRL_PARSE");
    }
}

TEST(NextAttempt, ComesBeforeTheEndAndBacksOff) {
    constexpr std::int64_t kDay = 86400;
    EXPECT_EQ(next_attempt(0, 30 * kDay, 0, 0), kDay / 2);
    EXPECT_EQ(next_attempt(0, kDay / 2, 0, 0), kDay / 4);
    EXPECT_EQ(next_attempt(0, 10, 0, 0), 300);
    EXPECT_EQ(next_attempt(0, 30 * kDay, 1, 0), 30);
    EXPECT_EQ(next_attempt(0, 30 * kDay, 3, 0), 120);
    EXPECT_EQ(next_attempt(0, 30 * kDay, 4000, 0), 3600);
    EXPECT_EQ(next_attempt(0, 30 * kDay, 4000, 1), 2880);
}

}  // namespace
}  // namespace lumoz::collateral

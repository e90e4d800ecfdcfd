// SPDX-License-Identifier: Apache-2.0
// The collateral bundle: each member bent, what may be absent.
#include "evidence/collateral.hpp"

#include "evidence/testing/json_bends.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

testing::Dump dump(const Collateral& got) {
    return testing::Dump().add("text", got.to_json());
}

TEST(Collateral, EachMemberBent) {
    Collateral full;
    full.pck_crl_issuer_chain = "chain";
    full.pck_certificate_chain = "leaf";
    full.tcb_info = "{}";
    testing::expect_json_bends<Collateral>("collateral", full.to_json(), Collateral::parse, dump);
}

TEST(Collateral, WhatIsEmptyAndNotDemandedIsLeftOut) {
    Collateral full;
    EXPECT_EQ(full.to_json().find("pck_certificate_chain"), std::string::npos);
    EXPECT_NE(full.to_json().find(R"("tcb_info":"")"), std::string::npos);
    full.pck_certificate_chain = "leaf";
    EXPECT_NE(full.to_json().find(R"("pck_certificate_chain":"leaf")"), std::string::npos);
    EXPECT_EQ(Collateral::parse(full.to_json())->pck_certificate_chain, "leaf");
}

TEST(Collateral, ReadsBackAndNamesWhatIsMissing) {
    Collateral full;
    full.root_ca_crl = "00";
    full.tcb_info = R"({"a":"\n"})";
    const auto again = Collateral::parse(full.to_json());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->tcb_info, full.tcb_info);
    EXPECT_EQ(again->to_json(), full.to_json());
    const auto error = [](std::string_view text) {
        return std::string(Collateral::parse(text).error().rule);
    };
    EXPECT_EQ(error("{}"), "E_COLLATERAL_PARSE");
    EXPECT_EQ(error("[]"), "E_COLLATERAL_PARSE");
    EXPECT_EQ(error("{"), "E_COLLATERAL_PARSE");
    std::string number = full.to_json();
    number.replace(number.find(R"("00")"), 4, "0");
    EXPECT_EQ(error(number), "E_COLLATERAL_PARSE");
}

}  // namespace
}  // namespace lumoz::evidence

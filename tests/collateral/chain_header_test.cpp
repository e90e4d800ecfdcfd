// SPDX-License-Identifier: Apache-2.0
#include "evidence/pcs_answer.hpp"
#include "tests/collateral/fake_vendor.hpp"

#include <gtest/gtest.h>

namespace lumoz::collateral {
namespace {

using evidence::decode_chain_header;
using evidence::kMaxChainHeader;

const std::string& chain() {
    static const std::string text = testing::FakeVendor().documents().tcb_info_issuer_chain;
    return text;
}
std::string rule_of(const std::string& header) {
    const auto decoded = decode_chain_header(header);
    return decoded ? "" : std::string(decoded.error().rule);
}

TEST(ChainHeader, IsDecodedOnce) {
    const auto decoded = decode_chain_header(testing::percent_encoded(chain()));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, chain());
}

TEST(ChainHeader, APlusStandsForItself) {
    std::string header;
    for (const char c : chain())
        header += c == '+' || c == '/' ? std::string(1, c) : testing::percent_encoded(std::string(1, c));
    EXPECT_EQ(rule_of(header), "");
}

TEST(ChainHeader, EncodedTwiceIsRefused) {
    EXPECT_EQ(rule_of(testing::percent_encoded(testing::percent_encoded(chain()))), "E_CERT_PARSE");
}

TEST(ChainHeader, BrokenEncodingsAreRefused) {
    const std::string good = testing::percent_encoded(chain());
    for (const std::string& bad :
         {std::string(), std::string("%"), good + "%", good + "%0", good + "%zz", good + "%00%41",
          good + "%80", good + "%7f", good + "hello", "hello" + good, std::string("<html></html>"),
          good.substr(0, good.size() / 3)})
        EXPECT_EQ(rule_of(bad), "E_CERT_PARSE") << bad.substr(0, 40);
}

TEST(ChainHeader, HasACeilingInBytesAndCertificates) {
    EXPECT_EQ(rule_of(std::string(kMaxChainHeader + 1, 'A')), "E_CERT_PARSE");
    const std::string two = testing::percent_encoded(chain());
    EXPECT_EQ(rule_of(two + two), "");
    EXPECT_EQ(rule_of(two + two + two), "E_CERT_PARSE");
}

}  // namespace
}  // namespace lumoz::collateral

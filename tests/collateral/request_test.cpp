// SPDX-License-Identifier: Apache-2.0
#include "collateral/request.hpp"

#include "base/testing.hpp"
#include "tests/collateral/fake_vendor.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lumoz::collateral {
namespace {

Request request(bool tdx, DataSet set, PckCa ca = PckCa::Platform) {
    Request out{.platform = {.tdx = tdx, .fmspc = {}, .ca = ca}, .set = set};
    out.platform.fmspc.bytes = {0x50, 0x80, 0x6f, 0, 0, 0};
    return out;
}

TEST(CollateralRequest, PathsAreThoseOfApiVersionFour) {
    EXPECT_EQ(target_of(Item::TcbInfo, request(true, {})),
              "/tdx/certification/v4/tcb?fmspc=50806f000000&update=standard");
    EXPECT_EQ(target_of(Item::TcbInfo, request(false, {.early = true})),
              "/sgx/certification/v4/tcb?fmspc=50806f000000&update=early");
    EXPECT_EQ(target_of(Item::QeIdentity, request(true, {.number = 17})),
              "/tdx/certification/v4/qe/identity?tcbEvaluationDataNumber=17");
    EXPECT_EQ(target_of(Item::PckCrl, request(true, {}, PckCa::Processor)),
              "/sgx/certification/v4/pckcrl?ca=processor&encoding=der");
    EXPECT_EQ(target_of(Item::RootCrl, request(true, {})), "/sgx/certification/v4/rootcacrl");
}

TEST(CollateralRequest, CacheKeysDifferWhereDocumentsDo) {
    std::set<std::string> tcb;
    std::set<std::string> qe;
    for (const bool tdx : {true, false}) {
        for (const DataSet& set :
             {DataSet{}, DataSet{.early = true}, DataSet{.number = 1}, DataSet{.number = 2}}) {
            tcb.insert(cache_key(Item::TcbInfo, request(tdx, set)));
            qe.insert(cache_key(Item::QeIdentity, request(tdx, set)));
        }
    }
    EXPECT_EQ(tcb.size(), 8U);
    EXPECT_EQ(qe.size(), 8U);
    Request other = request(true, {});
    other.platform.fmspc.bytes[5] = 1;
    EXPECT_FALSE(tcb.contains(cache_key(Item::TcbInfo, other)));
    EXPECT_NE(cache_key(Item::PckCrl, request(true, {})),
              cache_key(Item::PckCrl, request(true, {}, PckCa::Processor)));
}

TEST(CollateralRequest, AGenuineQuoteTellsItsPlatform) {
    const auto dir = lumoz::testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors here; set LUMOZ_VECTORS";
    std::size_t told = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*dir / "tdx" / "quotes")) {
        if (!entry.is_regular_file() || !entry.path().string().contains("real")) continue;
        const auto platform = evidence::platform_of(as_bytes(lumoz::testing::read_file(entry.path())));
        if (platform) ++told;
    }
    EXPECT_GT(told, 0U);
}

TEST(CollateralRequest, WhatIsNoQuoteIsRefusedByItsParser) {
    EXPECT_EQ(evidence::platform_of(as_bytes("x")).error().rule, "E_QUOTE_TRUNCATED");
}

}  // namespace
}  // namespace lumoz::collateral

// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/collateral_service.hpp"
#include "simtee/quote.hpp"
#include "tests/collateral/fake_vendor.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace lumoz::app {
namespace {

using collateral::testing::FakeVendor;
using collateral::testing::kNow;

constexpr UnixTime kEnd = kNow - simtee::kBackdated + simtee::kCollateralLifetime;

class MovableClock final : public Clock {
public:
    [[nodiscard]] UnixTime now() const override { return time; }
    std::atomic<UnixTime> time = kNow;
};

/// The service's view of its collateral while the clock goes on and the vendor does not.
class ServiceCollateralTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto vendor = std::make_unique<FakeVendor>();
        vendor_ = vendor.get();
        auto cache = collateral::Cache::open(scratch_.path() / "cache");
        ASSERT_TRUE(cache);
        collateral::KeeperOptions keeper{.roots = vendor->roots()};
        served_.emplace(
            std::move(vendor), *std::move(cache), std::move(keeper), collateral::RenewerOptions{},
            collateral::DataSet{}, [] {}, clock_);
    }
    [[nodiscard]] Bytes quote() const { return simtee::make_quote(vendor_->vendor(), {}, {}, {}); }

    collateral::testing::Scratch scratch_;
    MovableClock clock_;
    FakeVendor* vendor_ = nullptr;
    std::optional<ServiceCollateral> served_;
};

TEST_F(ServiceCollateralTest, ServesWhatItLearnedToAskForUntilItsEndAndNotLonger) {
    EXPECT_EQ(served_->status().error().rule, "E_COLLATERAL_NONE");
    EXPECT_EQ(served_->current(), nullptr);
    served_->learn(quote());
    ASSERT_TRUE(served_->status());
    const auto stapled = served_->current();
    ASSERT_TRUE(stapled);
    EXPECT_EQ(stapled->json, vendor_->documents().to_json());
    EXPECT_EQ(stapled->expires_at, kEnd);
    EXPECT_EQ(served_->current(), stapled) << "written once for each bundle";
    clock_.time = kEnd;
    EXPECT_TRUE(served_->status());
    EXPECT_TRUE(served_->current());
    clock_.time = kEnd + 1;
    EXPECT_EQ(served_->status().error().rule, "E_COLLATERAL_EXPIRED");
    EXPECT_EQ(served_->current(), nullptr);
}

TEST_F(ServiceCollateralTest, AServiceThatIsAwayIsATroubleAndNoneIsServed) {
    vendor_->down = true;
    served_->learn(quote());
    EXPECT_EQ(served_->status().error().rule, "E_COLLATERAL_NONE");
    EXPECT_EQ(served_->trouble().error().rule, "E_NET_REFUSED");
    EXPECT_EQ(served_->counters().failures, 1U);
}

TEST_F(ServiceCollateralTest, AQuoteThatTellsNothingIsNamed) {
    served_->learn(as_bytes("x"));
    EXPECT_EQ(served_->trouble().error().rule, "E_QUOTE_TRUNCATED");
    served_->learn(quote());
    EXPECT_TRUE(served_->trouble());
    EXPECT_TRUE(served_->current());
}

TEST_F(ServiceCollateralTest, OnlyTheFirstQuoteCounts) {
    served_->learn(quote());
    served_->learn(quote());
    EXPECT_EQ(served_->counters().renewals, 1U);
    EXPECT_EQ(vendor_->targets.size(), 4U);
}

}  // namespace
}  // namespace lumoz::app

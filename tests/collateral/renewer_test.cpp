// SPDX-License-Identifier: Apache-2.0
#include "collateral/renewer.hpp"

#include "tests/collateral/fake_vendor.hpp"

#include <gtest/gtest.h>

namespace lumoz::collateral {
namespace {

using testing::FakeVendor;
using testing::kDay;
using testing::kNow;

class MovableClock final : public Clock {
public:
    [[nodiscard]] UnixTime now() const override { return time; }
    UnixTime time = kNow;
};

class CollateralRenewer : public ::testing::Test {
protected:
    std::int64_t step() { return renewer_.step(vendor_.request()).count(); }
    FakeVendor vendor_;
    Client client_{vendor_};
    Keeper keeper_{&client_, nullptr, {.roots = vendor_.roots()}};
    MovableClock clock_;
    Renewer renewer_{keeper_, clock_, {}, [] {}};
};

TEST_F(CollateralRenewer, SleepsUntilTheNextDocumentIsDueOrTheClockIsToBeLookedAt) {
    EXPECT_EQ(step(), 21'600);
    clock_.time = kNow + kDay - 10'000;
    EXPECT_LE(step(), 10'000);
    const Supplied supplied = renewer_.supplied();
    ASSERT_TRUE(supplied.bundle);
    EXPECT_TRUE(supplied.last);
    EXPECT_EQ(supplied.renewals, 2U);
    EXPECT_EQ(supplied.failures, 0U);
}

TEST_F(CollateralRenewer, WaitsLongerAfterEachFailureAndNeverOverAnHour) {
    vendor_.down = true;
    std::int64_t most = 30;
    for (int i = 0; i < 12; ++i) {
        const std::int64_t wait = step();
        EXPECT_GE(wait, most / 2) << i;
        EXPECT_LE(wait, most) << i;
        most = std::min<std::int64_t>(most * 2, 3'600);
    }
    EXPECT_EQ(renewer_.supplied().failures, 12U);
    EXPECT_EQ(renewer_.supplied().bundle, nullptr);
    vendor_.down = false;
    EXPECT_EQ(step(), 21'600);
    vendor_.down = true;
    clock_.time = kNow + 2 * kDay;
    EXPECT_LE(step(), 30) << "the first failure after a success";
}

TEST_F(CollateralRenewer, AnOutageLeavesTheLastGoodBundleAndItsReason) {
    (void)step();
    const auto bundle = renewer_.supplied().bundle;
    vendor_.down = true;
    clock_.time = kNow + 2 * kDay;
    (void)step();
    EXPECT_EQ(renewer_.supplied().last.error().rule, "E_NET_REFUSED");
    EXPECT_EQ(renewer_.supplied().bundle->not_after, bundle->not_after);
    clock_.time = kNow + 40 * kDay;
    (void)step();
    EXPECT_EQ(renewer_.supplied().bundle->not_after, bundle->not_after);
}

TEST_F(CollateralRenewer, TheThreadFetchesAtOnceAndEndsAtOnce) {
    renewer_.start(vendor_.request());
    renewer_.wait_for_first(std::chrono::seconds(30));
    EXPECT_TRUE(renewer_.supplied().bundle);
    renewer_.stop();
    EXPECT_EQ(renewer_.supplied().renewals, 1U);
}

}  // namespace
}  // namespace lumoz::collateral

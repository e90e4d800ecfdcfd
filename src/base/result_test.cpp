// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace lumoz {
namespace {

Result<int> half(int value) {
    if (value % 2 != 0) return fail(Errc::Refused, "E_ODD", "test.half", std::to_string(value));
    return value / 2;
}
Result<int> quarter(int value) {
    LUMOZ_TRY(const int once, half(value));
    LUMOZ_TRY(const int twice, half(once));
    return twice;
}
Status divisible_by_four(int value) {
    LUMOZ_CHECK_OK(quarter(value));
    return {};
}

TEST(Result, TryPassesValueOrErrorOn) {
    EXPECT_EQ(quarter(12).value(), 3);
    EXPECT_EQ(quarter(6).error().rule, "E_ODD");
    EXPECT_EQ(quarter(6).error().detail, "3");
    EXPECT_TRUE(divisible_by_four(8).has_value());
    EXPECT_EQ(divisible_by_four(7).error().where, "test.half");
}

TEST(Result, CarriesMoveOnlyValues) {
    const auto make = [](bool good) -> Result<std::unique_ptr<int>> {
        if (!good) return fail(Errc::Internal, "E_TEST", "test");
        return std::make_unique<int>(5);
    };
    const auto use = [&](bool good) -> Result<int> {
        LUMOZ_TRY(auto owned, make(good));
        return *owned;
    };
    EXPECT_EQ(use(true).value(), 5);
    EXPECT_FALSE(use(false).has_value());
}

TEST(Errc, DecidesTheExitCode) {
    EXPECT_EQ(exit_code(Errc::Malformed), 30);
    EXPECT_EQ(exit_code(Errc::Unsupported), 20);
    EXPECT_EQ(exit_code(Errc::Refused), 10);
    for (const Errc code : {Errc::Usage, Errc::Io, Errc::NotFound, Errc::Limit, Errc::Timeout, Errc::Closed,
                            Errc::Unavailable, Errc::Internal}) {
        EXPECT_EQ(exit_code(code), 1);
    }
}

}  // namespace
}  // namespace lumoz

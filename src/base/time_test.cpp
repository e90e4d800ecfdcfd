// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ctime>

namespace lumoz {
namespace {

TEST(Rfc3339, ReadsKnownTimes) {
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z").value(), 0);
    EXPECT_EQ(parse_rfc3339("2000-02-29T00:00:00Z").value(), 951782400);
    EXPECT_EQ(parse_rfc3339("2001-09-09T01:46:40Z").value(), 1000000000);
    EXPECT_EQ(parse_rfc3339("2038-01-19T03:14:08Z").value(), 2147483648);
    EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59Z").value(), 253402300799);
}

TEST(Rfc3339, RefusesEveryOtherForm) {
    for (const std::string_view text : {"",
                                        "1969-12-31T23:59:59Z",
                                        "2026-1-01T00:00:00Z",
                                        "2026-01-01T00:00:00",
                                        "2026-01-01t00:00:00Z",
                                        "2026-01-01T00:00:00z",
                                        "2026-01-01 00:00:00Z",
                                        "2026-01-01T00:00:00+00:00",
                                        "2026-01-01T00:00:00.0Z",
                                        "2026-00-01T00:00:00Z",
                                        "2026-13-01T00:00:00Z",
                                        "2026-01-00T00:00:00Z",
                                        "2026-01-32T00:00:00Z",
                                        "2026-02-29T00:00:00Z",
                                        "2100-02-29T00:00:00Z",
                                        "2026-04-31T00:00:00Z",
                                        "2026-01-01T24:00:00Z",
                                        "2026-01-01T00:60:00Z",
                                        "2026-01-01T00:00:60Z",
                                        "2026-01-01T00:00:0xZ",
                                        "-026-01-01T00:00:00Z",
                                        "2026-01-01T00:00:00Z "}) {
        const auto time = parse_rfc3339(text);
        ASSERT_FALSE(time.has_value()) << text;
        EXPECT_EQ(time.error().rule, "E_TIME");
    }
}

TEST(Rfc3339, AgreesWithTheSystemCalendar) {
    // A step that is no divisor of a day or a year walks through all of 1970 to 9999.
    for (std::time_t t = 0; t <= 253402300799; t += 8640013 * 7) {
        std::tm parts{};
        ASSERT_NE(::gmtime_r(&t, &parts), nullptr);
        std::array<char, 32> text{};
        std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
        ASSERT_EQ(to_rfc3339(t), text.data());
        ASSERT_EQ(parse_rfc3339(text.data()).value(), t);
    }
}

TEST(Rfc3339, HoldsTheBorders) {
    EXPECT_EQ(to_rfc3339(-1), "1970-01-01T00:00:00Z");
    EXPECT_EQ(to_rfc3339(253402300800), "9999-12-31T23:59:59Z");
    EXPECT_EQ(to_rfc3339(951868799), "2000-02-29T23:59:59Z");
    EXPECT_EQ(to_rfc3339(1735689599), "2024-12-31T23:59:59Z");
}

TEST(SystemClock, IsThisCentury) {
    EXPECT_GT(SystemClock().now(), 1700000000);
}

}  // namespace
}  // namespace lumoz

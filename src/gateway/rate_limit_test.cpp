// SPDX-License-Identifier: Apache-2.0
#include "gateway/rate_limit.hpp"

#include "gateway/request_limits.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace lumoz::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const net::TimePoint kBegin = net::TimePoint(std::chrono::hours(1));

TEST(RateLimit, AllowsABurstOfTwoSecondsAndThenTheRate) {
    RateLimit limit(10);
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(limit.take("a", kBegin), 0U);
    EXPECT_EQ(limit.take("a", kBegin), 1U);
    EXPECT_EQ(limit.take("b", kBegin), 0U);
    EXPECT_EQ(limit.take("a", kBegin + milliseconds(99)), 1U);
    EXPECT_EQ(limit.take("a", kBegin + milliseconds(101)), 0U);
    EXPECT_EQ(limit.take("a", kBegin + milliseconds(101)), 1U);
    int allowed = 0;
    for (int i = 0; i < 100; ++i)
        allowed += limit.take("a", kBegin + seconds(100)) == 0 ? 1 : 0;
    EXPECT_EQ(allowed, 20);
}

TEST(RateLimit, SaysHowLongToWait) {
    RateLimit slow(0.25);
    EXPECT_EQ(slow.take("a", kBegin), 0U);
    EXPECT_EQ(slow.take("a", kBegin), 4U);
    EXPECT_EQ(slow.take("a", kBegin + seconds(2)), 2U);
    EXPECT_EQ(slow.take("a", kBegin + seconds(4)), 0U);
    EXPECT_EQ(slow.take("a", kBegin + seconds(4)), 4U);
}

TEST(RateLimit, ZeroIsNoLimit) {
    RateLimit none(0);
    for (int i = 0; i < 1'000; ++i)
        ASSERT_EQ(none.take("a", kBegin), 0U);
    EXPECT_EQ(none.size(), 0U);
}

TEST(RateLimit, ClocksThatGoBackGiveNothing) {
    RateLimit limit(1);
    EXPECT_EQ(limit.take("a", kBegin), 0U);
    EXPECT_EQ(limit.take("a", kBegin), 0U);
    EXPECT_NE(limit.take("a", kBegin - seconds(100)), 0U);
    EXPECT_NE(limit.take("a", kBegin), 0U);
}

TEST(RateLimit, MemoryIsBoundedAndNewOnesAreServed) {
    RateLimit limit(1);
    for (int i = 0; i < 200'000; ++i)
        ASSERT_EQ(limit.take("key" + std::to_string(i), kBegin), 0U);
    EXPECT_LE(limit.size(), RateLimit::kMaxKeys);
    EXPECT_GT(limit.size(), RateLimit::kMaxKeys / 2);
}

TEST(RateLimit, ThreadsShareABucket) {
    RateLimit limit(50);
    std::atomic<int> allowed{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i)
                if (limit.take("a", kBegin) == 0) ++allowed;
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(allowed, 100);
}

TEST(RequestLimits, Ipv6CountsByPrefix) {
    Config config;
    config.requests_per_second = 1;
    config.trusted_proxies = {"10.0.0.0/8"};
    RequestLimits limits(config);
    const net::Headers none;
    EXPECT_EQ(limits.of_address("[2001:db8:0:1::1]:5", none, kBegin), 0U);
    EXPECT_EQ(limits.of_address("[2001:db8:0:1:ffff::2]:6", none, kBegin), 0U);
    EXPECT_NE(limits.of_address("[2001:db8:0:1::3]:7", none, kBegin), 0U);
    EXPECT_EQ(limits.of_address("[2001:db8:0:2::1]:5", none, kBegin), 0U);
    const net::Headers behind{{"X-Forwarded-For", "2001:db8:0:1::9"}};
    EXPECT_NE(limits.of_address("10.1.1.1:7", behind, kBegin), 0U);
    const net::Headers v4{{"X-Forwarded-For", "9.9.9.9"}};
    EXPECT_EQ(limits.of_address("10.1.1.1:7", v4, kBegin), 0U);
    EXPECT_EQ(limits.of_address("[::ffff:9.9.9.9]:7", none, kBegin), 0U);
    EXPECT_NE(limits.of_address("9.9.9.9:7", none, kBegin), 0U);
    EXPECT_EQ(limits.of_credential("", kBegin), 0U);
}

}  // namespace
}  // namespace lumoz::gateway

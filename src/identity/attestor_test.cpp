// SPDX-License-Identifier: Apache-2.0
#include "identity/attestor.hpp"

#include "identity/testing.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace lumoz::identity {
namespace {

using testing::ScriptedDevice;

ReportData data(int n) {
    ReportData out;
    out.bytes[0] = static_cast<std::uint8_t>(n);
    out.bytes[1] = static_cast<std::uint8_t>(n >> 8);
    return out;
}

TEST(Attestor, GivesTheDevicesQuoteOverTheBytesAskedFor) {
    ScriptedDevice device;
    Attestor attestor(device);
    const auto evidence = attestor.quote_blocking(data(7));
    ASSERT_TRUE(evidence);
    EXPECT_EQ((*evidence)->quote[16], 7);
    EXPECT_EQ(attestor.counters().quotes, 1U);
    EXPECT_EQ(attestor.counters().waiting, 0U);
}

TEST(Attestor, EqualRequestsShareOneQuote) {
    ScriptedDevice device;
    device.stop();
    Attestor attestor(device);
    std::latch all(11);
    std::atomic<int> good{0};
    const auto done = [&](const Result<SharedEvidence>& evidence) {
        if (evidence) ++good;
        all.count_down();
    };
    attestor.quote(data(1), done);
    device.wait_for(1);  // under way: equal ones join it too
    for (int i = 0; i < 5; ++i)
        attestor.quote(data(1), done);
    for (int i = 0; i < 5; ++i)
        attestor.quote(data(2), done);
    device.go();
    all.wait();
    EXPECT_EQ(good, 11);
    EXPECT_EQ(device.quotes(), 2);
    EXPECT_EQ(attestor.counters().coalesced, 9U);
}

TEST(Attestor, AFullQueueIsRefusedAtOnce) {
    ScriptedDevice device;
    device.stop();
    Attestor attestor(device);
    std::latch all(65);
    const auto done = [&](const Result<SharedEvidence>&) { all.count_down(); };
    attestor.quote(data(1000), done);
    device.wait_for(1);
    for (int i = 0; i < 64; ++i)
        attestor.quote(data(i), done);
    std::string_view rule;
    attestor.quote(data(2000), [&](const Result<SharedEvidence>& evidence) { rule = evidence.error().rule; });
    EXPECT_EQ(rule, "E_ATTEST_BUSY");
    EXPECT_GE(attestor.retry_after(), 1U);
    EXPECT_EQ(attestor.counters().refused, 1U);
    device.go();
    all.wait();
    EXPECT_EQ(device.quotes(), 65);
    EXPECT_TRUE(attestor.quote_blocking(data(2000)));
}

TEST(Attestor, WaitersAreBoundedTooHoweverEqual) {
    ScriptedDevice device;
    device.stop();
    Attestor attestor(device, {.queue_limit = 64, .waiter_limit = 3});
    std::latch all(3);
    std::string_view rule;
    for (int i = 0; i < 3; ++i)
        attestor.quote(data(1), [&](const Result<SharedEvidence>&) { all.count_down(); });
    attestor.quote(data(1), [&](const Result<SharedEvidence>& evidence) { rule = evidence.error().rule; });
    EXPECT_EQ(rule, "E_ATTEST_BUSY");
    device.go();
    all.wait();
}

TEST(Attestor, TheDevicesErrorReachesEveryWaiter) {
    ScriptedDevice device;
    device.fail_from_now(true);
    Attestor attestor(device);
    const auto evidence = attestor.quote_blocking(data(1));
    ASSERT_FALSE(evidence);
    EXPECT_EQ(evidence.error().rule, "E_TEE_TIMEOUT");
    EXPECT_EQ(attestor.counters().failed, 1U);
    device.fail_from_now(false);
    EXPECT_TRUE(attestor.quote_blocking(data(1)));
}

TEST(Attestor, ClosingAnswersWhoeverStillWaits) {
    ScriptedDevice device;
    device.stop();
    std::atomic<int> closed{0};
    std::atomic<int> served{0};
    {
        Attestor attestor(device);
        const auto done = [&](const Result<SharedEvidence>& evidence) {
            if (evidence) {
                ++served;
            } else if (evidence.error().rule == "E_ATTEST_CLOSED") {
                ++closed;
            }
        };
        attestor.quote(data(1), done);
        device.wait_for(1);
        attestor.quote(data(2), done);
        attestor.quote(data(3), done);
        device.go();
    }
    EXPECT_EQ(served + closed, 3);
    EXPECT_GE(served, 1);
}

TEST(Attestor, ManyCallersAtOnce) {
    ScriptedDevice device;
    Attestor attestor(device);
    std::atomic<int> good{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 200; ++i) {
                    const auto evidence = attestor.quote_blocking(data(t * 1000 + i));
                    if (evidence && (*evidence)->quote[16] == ((t * 1000 + i) & 0xff)) ++good;
                    [[maybe_unused]] const auto counted = attestor.counters();
                }
            });
        }
    }
    EXPECT_EQ(good, 800);
}

}  // namespace
}  // namespace lumoz::identity

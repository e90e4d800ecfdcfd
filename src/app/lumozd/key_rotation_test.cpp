// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/key_rotation.hpp"

#include "gateway/key_life.hpp"
#include "identity/collateral_file.hpp"
#include "identity/testing.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace lumoz::app {
namespace {

/// Takes keysets and no records; can be made to fail.
class KeysetStore final : public store::ReceiptStore {
public:
    void append(store::Record, Done done) override { done({}); }
    Result<std::optional<store::StoredRecord>> find(std::optional<std::string_view>,
                                                    std::string_view) override {
        return std::nullopt;
    }
    Status put_keyset(store::KeysetEvidence keyset) override {
        if (failing) return fail(Errc::Io, "E_STORE_IO", "test");
        digests.push_back(keyset.keyset_digest);
        return {};
    }
    Result<std::optional<store::KeysetEvidence>> keyset(std::string_view) override { return std::nullopt; }
    Result<std::vector<store::UsageTotal>> usage(std::string_view) override {
        return std::vector<store::UsageTotal>();
    }
    [[nodiscard]] Status healthy() const override { return {}; }
    [[nodiscard]] store::StoreCounters counters() const override { return {}; }
    void upkeep_now() override {}
    std::atomic<bool> failing = false;
    std::vector<std::string> digests;
};

/// Real keys and reports; the TEE and the store are doubles, the clock moves by hand. A life is 1,000 s and
/// the next one is due after 900.
class Rotation : public ::testing::Test {
protected:
    Result<RotationPlan> plan() {
        ++begun;
        gateway::LifeFacts facts{.config = std::make_shared<const gateway::Config>(),
                                 .identity = identity::testing::facts(false)};
        facts.identity.lifetime = 1'000;
        return RotationPlan{.make =
                                [this, facts] {
                                    return gateway::begin_life(
                                        {{.tee_type = "tdx"}, attestor, collateral, store, clock}, facts);
                                },
                            .take = [this](const SharedEpoch& epoch) { current = epoch; },
                            .rotate_before = std::chrono::seconds(100)};
    }
    /// Steps until what was begun is through.
    void settle() {
        do {
            rotation.step();
            std::this_thread::yield();
        } while (rotation.busy());
    }
    [[nodiscard]] std::string digest() const { return current->identity.keyset_digest; }

    identity::testing::MovableClock clock;
    identity::testing::ScriptedDevice device;
    identity::CollateralFile collateral{"", clock};
    KeysetStore store;
    identity::Attestor attestor{device};
    SharedEpoch current;
    int begun = 0;
    KeyRotation rotation{
        [this] { return plan(); }, clock,
        RotationOptions{
            .retry_first = std::chrono::seconds(5), .retry_last = std::chrono::seconds(15), .max_lives = 3}};
};

TEST_F(Rotation, TheFirstLifeIsAttestedAndStored) {
    ASSERT_TRUE(rotation.first());
    EXPECT_EQ(store.digests, std::vector{digest()});
    EXPECT_EQ(rotation.state().rotations, 0U);
    EXPECT_EQ(rotation.state().lives, 1U);
    EXPECT_TRUE(rotation.idle());
}

TEST_F(Rotation, WithoutATeeThereIsNoFirstLife) {
    device.fail_from_now(true);
    const Status first = rotation.first();
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().rule, "E_TEE_TIMEOUT");
}

TEST_F(Rotation, IsDueBeforeTheKeysEnd) {
    ASSERT_TRUE(rotation.first());
    const std::string old = digest();
    clock.time += 899;
    settle();
    EXPECT_EQ(digest(), old);
    clock.time += 1;
    settle();
    EXPECT_NE(digest(), old);
    EXPECT_EQ(store.digests, (std::vector{old, digest()}));
    EXPECT_EQ(rotation.state().rotations, 1U);
    settle();
    EXPECT_EQ(begun, 2);
}

TEST_F(Rotation, OldKeysServeWhileTheTeeIsSlow) {
    ASSERT_TRUE(rotation.first());
    const std::string old = digest();
    device.stop();
    rotation.ask("signal");
    rotation.step();
    device.wait_for(2);
    for (int i = 0; i < 10; ++i)
        rotation.step();
    EXPECT_EQ(digest(), old);
    EXPECT_FALSE(rotation.idle());
    // Asked again meanwhile: what it says may be out of date, so another one follows.
    rotation.ask("models");
    device.go();
    settle();
    EXPECT_NE(digest(), old);
    EXPECT_EQ(begun, 2);
    settle();
    EXPECT_EQ(begun, 3);
    EXPECT_TRUE(rotation.idle());
}

TEST_F(Rotation, WhoAskedIsToldWhenTheFactsAreInForce) {
    ASSERT_TRUE(rotation.first());
    std::vector<std::string> told;
    rotation.ask("models", [&] { told.push_back("a"); });
    rotation.ask("models", [&] { told.push_back("b"); });
    device.stop();
    rotation.step();
    rotation.ask("models", [&] { told.push_back("c"); });
    device.go();
    settle();
    EXPECT_EQ(told, (std::vector<std::string>{"a", "b"}));
    settle();
    EXPECT_EQ(told, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(Rotation, AFailureKeepsTheOldKeysAndIsTriedAgainLaterAndLater) {
    ASSERT_TRUE(rotation.first());
    const std::string old = digest();
    bool told = false;
    device.fail_from_now(true);
    clock.time += 900;
    rotation.ask("models", [&] { told = true; });
    settle();
    EXPECT_EQ(digest(), old);
    EXPECT_EQ(rotation.state().trouble, "E_TEE_TIMEOUT");
    for (const auto& [wait, attempts] : {std::pair{4, 2}, {1, 3}, {9, 3}, {1, 4}, {14, 4}, {1, 5}, {15, 6}}) {
        clock.time += wait;
        settle();
        EXPECT_EQ(begun, attempts) << "after " << wait;
    }
    EXPECT_EQ(rotation.state().failures, 5U);
    EXPECT_FALSE(told);
    device.fail_from_now(false);
    store.failing = true;
    rotation.ask("signal");
    settle();
    EXPECT_EQ(rotation.state().trouble, "E_STORE_IO");
    store.failing = false;
    clock.time += 15;
    settle();
    EXPECT_NE(digest(), old);
    EXPECT_TRUE(told);
    EXPECT_EQ(rotation.state().trouble, "");
    EXPECT_EQ(rotation.state().rotations, 1U);
}

TEST_F(Rotation, KeysThatRequestsHoldAreBounded) {
    ASSERT_TRUE(rotation.first());
    std::vector<SharedEpoch> requests;
    for (int i = 0; i < 5; ++i) {
        requests.push_back(current);
        rotation.ask("signal");
        settle();
    }
    EXPECT_EQ(rotation.state().lives, 3U);
    EXPECT_EQ(begun, 3);
    const std::weak_ptr<const gateway::KeyEpoch> oldest = requests.front();
    requests.clear();
    EXPECT_TRUE(oldest.expired());
    EXPECT_EQ(rotation.state().lives, 1U);
    settle();
    EXPECT_EQ(begun, 4);
}

TEST_F(Rotation, ALifeThatOneRequestHoldsIsNotLeftFarBehind) {
    ASSERT_TRUE(rotation.first());
    SharedEpoch request = current;
    for (int i = 0; i < 5; ++i) {
        rotation.ask("signal");
        settle();
    }
    EXPECT_EQ(rotation.state().lives, 2U);
    EXPECT_EQ(begun, 3) << "the store keeps the evidence of so many";
    request.reset();
    settle();
    EXPECT_EQ(begun, 4);
}

TEST_F(Rotation, APlanThatFailsIsAFailure) {
    bool bad = false;
    KeyRotation other(
        [&]() -> Result<RotationPlan> {
            if (bad) return fail(Errc::Malformed, "E_TLS_CERTIFICATE", "test");
            return plan();
        },
        clock);
    ASSERT_TRUE(other.first());
    bad = true;
    other.ask("signal");
    other.step();
    EXPECT_EQ(other.state().trouble, "E_TLS_CERTIFICATE");
    EXPECT_EQ(other.state().failures, 1U);
}

}  // namespace
}  // namespace lumoz::app

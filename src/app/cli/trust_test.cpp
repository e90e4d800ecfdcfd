// SPDX-License-Identifier: Apache-2.0
#include "app/cli/trust.hpp"

#include "app/output/files.hpp"
#include "app/process/temp_dir.hpp"

#include <gtest/gtest.h>

namespace lumoz::app {
namespace {

class FixedClock final : public Clock {
public:
    [[nodiscard]] UnixTime now() const override { return 1'700'000'000; }
};

TEST(Trust, DefaultsToEmbeddedRootsAndTheClock) {
    const auto trust = read_trust({}, FixedClock());
    ASSERT_TRUE(trust);
    EXPECT_EQ(trust->now, 1'700'000'000);
    EXPECT_FALSE(trust->at_given);
    EXPECT_TRUE(trust->roots.accepts(verify::intel_root_pin()));
    EXPECT_FALSE(trust->policy.allow_debug);
    EXPECT_FALSE(trust->policy.names_measurement());
}

TEST(Trust, AtStandsForTheClock) {
    const auto trust = read_trust({.at = "2026-01-15T00:00:00Z"}, FixedClock());
    ASSERT_TRUE(trust);
    EXPECT_EQ(trust->now, 1'768'435'200);
    EXPECT_TRUE(trust->at_given);
    EXPECT_EQ(read_trust({.at = "yesterday"}, FixedClock()).error().rule, "E_TIME");
}

TEST(Trust, RootIsThirtyTwoBytesOfHex) {
    const std::string pin(64, 'a');
    const auto trust = read_trust({.root_spkis = {pin}}, FixedClock());
    ASSERT_TRUE(trust);
    for (const std::string& wrong :
         {std::string(63, 'a'), std::string(66, 'a'), std::string(64, 'g'), std::string()}) {
        const auto refused = read_trust({.root_spkis = {wrong}}, FixedClock());
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().rule, "E_ROOT_SPKI");
        EXPECT_EQ(exit_code(refused.error().code), 1);
    }
}

TEST(Trust, BadPolicyIsWrongUsage) {
    const auto dir = TempDir::make("trust-test");
    ASSERT_TRUE(dir);
    const std::string path = (dir->path() / "policy.json").string();
    ASSERT_TRUE(write_output(path, as_bytes(R"({"allow_debugg":true})")));
    const auto trust = read_trust({.policy_file = path}, FixedClock());
    ASSERT_FALSE(trust);
    EXPECT_EQ(trust.error().rule, "E_POLICY");
    EXPECT_EQ(exit_code(trust.error().code), 1);
    EXPECT_EQ(read_trust({.policy_file = "/nonexistent"}, FixedClock()).error().rule, "E_FILE");
}

}  // namespace
}  // namespace lumoz::app

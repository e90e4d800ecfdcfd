// SPDX-License-Identifier: Apache-2.0
#include "simtee/state.hpp"

#include "evidence/qe_identity.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <unistd.h>

namespace lumoz::simtee {
namespace {

constexpr UnixTime kNow = 1800000000;
constexpr UnixTime kDay = 86400;

class SimState : public ::testing::Test {
protected:
    void SetUp() override {
        const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
        dir_ = std::filesystem::temp_directory_path() / ("lumoz-state-" + std::to_string(::getpid()) + name);
        std::filesystem::remove_all(dir_);
    }
    void TearDown() override { std::filesystem::remove_all(dir_); }
    std::string read(std::string_view name) const {
        std::ifstream in(dir_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }
    /// Issue date of the QE identity in collateral.json.
    UnixTime issued() const {
        const auto collateral = evidence::Collateral::parse(read("collateral.json"));
        return collateral ? evidence::QeIdentity::parse(collateral->qe_identity)->issue_date : 0;
    }

    std::filesystem::path dir_;
};

TEST_F(SimState, MakesASeedOnceAndKeepsItPrivate) {
    const auto first = load_or_make_seed(dir_ / "deep");
    ASSERT_TRUE(first) << first.error().detail;
    EXPECT_FALSE(first->is_zero());
    const auto again = load_or_make_seed(dir_ / "deep");
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, *first);
    EXPECT_EQ(std::filesystem::status(dir_ / "deep/root.seed").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_NE(*load_or_make_seed(dir_ / "other"), *first);
}

TEST_F(SimState, RefusesADamagedSeed) {
    std::filesystem::create_directories(dir_);
    for (const std::string& text :
         {std::string(), std::string("00"), std::string(64, 'x'), std::string(66, '0')}) {
        std::ofstream(dir_ / "root.seed", std::ios::trunc) << text;
        const auto seed = load_or_make_seed(dir_);
        ASSERT_FALSE(seed) << text;
        EXPECT_EQ(seed.error().rule, "E_STATE");
    }
}

TEST_F(SimState, ReportsADirectoryThatCannotBe) {
    std::ofstream(dir_.string()) << "a file";
    EXPECT_EQ(load_or_make_seed(dir_ / "below").error().rule, "E_STATE");
    EXPECT_EQ(write_atomically(dir_ / "x", "y").error().rule, "E_STATE");
}

TEST_F(SimState, RenewsCollateralLongBeforeItEnds) {
    std::filesystem::create_directories(dir_);
    const Machine machine{Digest256()};
    PublishedFiles files(dir_, machine);
    EXPECT_TRUE(*files.renew_collateral(kNow));
    EXPECT_EQ(issued(), kNow - kBackdated);
    EXPECT_FALSE(*files.renew_collateral(kNow));
    EXPECT_FALSE(*files.renew_collateral(kNow + 10 * kDay - 1));
    EXPECT_EQ(issued(), kNow - kBackdated);
    EXPECT_TRUE(*files.renew_collateral(kNow + 10 * kDay));
    EXPECT_EQ(issued(), kNow + 10 * kDay - kBackdated);
    EXPECT_TRUE(*files.renew_collateral(kNow)) << "a clock that was set back";
    EXPECT_EQ(issued(), kNow - kBackdated);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "collateral.json.new"));
}

TEST_F(SimState, WritesThePolicy) {
    std::filesystem::create_directories(dir_);
    Machine machine{Digest256()};
    PublishedFiles files(dir_, machine);
    ASSERT_TRUE(files.write_policy());
    EXPECT_EQ(read("policy.json"), machine.policy_json() + "\n");
    ASSERT_TRUE(machine.emit("a", {}));
    ASSERT_TRUE(files.write_policy());
    EXPECT_EQ(read("policy.json"), machine.policy_json() + "\n");
}

}  // namespace
}  // namespace lumoz::simtee

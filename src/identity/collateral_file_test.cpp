// SPDX-License-Identifier: Apache-2.0
#include "identity/collateral_file.hpp"

#include "base/json.hpp"
#include "base/testing.hpp"
#include "identity/testing.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace lumoz::identity {
namespace {

/// A bundle of the shared vectors, as a file in a scratch folder.
class CollateralFixture : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "lumoz-collateral-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
        const auto dir = lumoz::testing::vectors_dir();
        if (!dir) GTEST_SKIP() << "no shared vectors here; set LUMOZ_VECTORS";
        for (const auto& entry : std::filesystem::recursive_directory_iterator(*dir / "tdx")) {
            if (!entry.is_regular_file() || entry.path().extension() != ".json") continue;
            std::string text = lumoz::testing::read_file(entry.path());
            if (text.size() < 4096 || !evidence::Collateral::parse(text)) continue;
            bundle_ = std::move(text);
            break;
        }
        if (bundle_.empty()) GTEST_SKIP() << "the vectors hold no bundle as a file of its own";
    }
    void TearDown() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    void write(std::string_view text) const {
        const auto fresh = path().string() + ".new";
        std::ofstream(fresh, std::ios::binary) << text;
        std::filesystem::rename(fresh, path());
    }
    [[nodiscard]] std::filesystem::path path() const { return folder_ / "collateral.json"; }

    std::filesystem::path folder_;
    std::string bundle_;
    testing::MovableClock clock_;
};
using Collateral = CollateralFixture;

TEST_F(Collateral, IsReadWhenItAppearsAndWhenItChanges) {
    CollateralFile file(path(), clock_);
    EXPECT_EQ(file.poll().error().rule, "E_COLLATERAL_FILE");
    EXPECT_EQ(file.current(), nullptr);
    write(bundle_);
    ASSERT_TRUE(file.poll()) << file.poll().error().detail;
    const auto first = file.current();
    ASSERT_TRUE(first);
    EXPECT_TRUE(evidence::Collateral::parse(first->json));
    ASSERT_TRUE(file.poll());
    EXPECT_EQ(file.current(), first);
    write(bundle_ + "\n");
    ASSERT_TRUE(file.poll());
    EXPECT_NE(file.current(), first);
}

TEST_F(Collateral, ABadFileLeavesTheLastGoodOne) {
    CollateralFile file(path(), clock_);
    write(bundle_);
    ASSERT_TRUE(file.poll());
    const auto good = file.current();
    clock_.time = good->expires_at - 1;
    write("{}");
    EXPECT_EQ(file.poll().error().rule, "E_COLLATERAL_PARSE");
    EXPECT_TRUE(file.status()) << "what is there is still good";
    EXPECT_EQ(file.trouble().error().rule, "E_COLLATERAL_PARSE");
    EXPECT_EQ(file.current(), good);
    std::filesystem::remove(path());
    EXPECT_EQ(file.poll().error().rule, "E_COLLATERAL_FILE");
    EXPECT_EQ(file.current(), good);
    write(bundle_);
    EXPECT_TRUE(file.poll());
    EXPECT_TRUE(file.status());
    EXPECT_TRUE(file.trouble());
    EXPECT_EQ(file.counters().renewals, 2U);
    EXPECT_EQ(file.counters().failures, 1U);
}

TEST_F(Collateral, WithoutAnythingGoodTheStatusIsThatOfTheLastLook) {
    CollateralFile file(path(), clock_);
    write("{}");
    EXPECT_FALSE(file.poll());
    EXPECT_EQ(file.status().error().rule, "E_COLLATERAL_PARSE");
    EXPECT_EQ(file.current(), nullptr);
}

TEST_F(Collateral, TellsWhenItIsOutOfDate) {
    CollateralFile file(path(), clock_);
    write(bundle_);
    ASSERT_TRUE(file.poll());
    clock_.time = file.current()->expires_at - 1;
    EXPECT_TRUE(file.status());
    clock_.time = file.current()->expires_at;
    EXPECT_EQ(file.status().error().rule, "E_COLLATERAL_EXPIRED");
}

TEST(CollateralFileOptions, NoPathMeansNoneIsConfigured) {
    const testing::MovableClock clock;
    CollateralFile file("", clock);
    EXPECT_TRUE(file.poll());
    EXPECT_TRUE(file.status());
    EXPECT_EQ(file.current(), nullptr);
}

TEST(CollateralFileOptions, AFolderOrAHugeFileIsRefused) {
    const testing::MovableClock clock;
    CollateralFile folder("/tmp", clock);
    EXPECT_EQ(folder.poll().error().rule, "E_COLLATERAL_FILE");
    CollateralFile device("/dev/zero", clock);
    EXPECT_EQ(device.poll().error().rule, "E_COLLATERAL_FILE");
}

}  // namespace
}  // namespace lumoz::identity

// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/weights_job.hpp"

#include "base/testing.hpp"
#include "engine/model_identity.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace lumoz::app {
namespace {

namespace fs = std::filesystem;

class Weights : public ::testing::Test {
public:
    [[nodiscard]] std::string file(const std::string& name, std::uintmax_t size) const {
        std::ofstream(dir / name) << name;
        fs::resize_file(dir / name, size);
        return (dir / name).string();
    }
    static void finish(WeightsJob& job) {
        while (!job.done())
            std::this_thread::yield();
    }
    const lumoz::testing::ScratchFolder folder;
    const fs::path& dir = folder.path();
};

TEST_F(Weights, EachPathHasItsOwnResult) {
    std::set<std::string> paths{file("a", 10), file("b", 3 << 20), (dir / "missing").string()};
    for (int i = 0; i < 20; ++i)
        paths.insert(file("f" + std::to_string(i), 1'000));
    WeightsJob job(paths);
    finish(job);
    for (const std::string& path : paths) {
        const auto result = job.result(path);
        const auto expected = engine::model_identity(path, {});
        ASSERT_EQ(result.has_value(), expected.has_value()) << path;
        if (result) EXPECT_EQ(result->model_root, expected->root) << path;
        if (!result) EXPECT_EQ(result.error().rule, expected.error().rule);
    }
    EXPECT_EQ(job.result("another").error().rule, "E_STOPPED");
}

TEST_F(Weights, NothingToHashIsDoneAtOnce) {
    const WeightsJob job({});
    EXPECT_TRUE(job.done());
}

TEST_F(Weights, GivesUpWhenNobodyWaits) {
    // A sparse file that would take minutes.
    const WeightsJob job({file("huge", std::uintmax_t{200} << 30)});
    EXPECT_FALSE(job.done());
}

}  // namespace
}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
#include "app/process/child.hpp"

#include "app/process/temp_dir.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace lumoz::app {
namespace {

class ChildTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto made = TempDir::make("child-test");
        ASSERT_TRUE(made);
        dir_.emplace(*std::move(made));
    }
    [[nodiscard]] std::string log() const { return (dir_->path() / "log").string(); }
    std::optional<TempDir> dir_;
};

TEST_F(ChildTest, FindsTheLineAndEndsTheProgram) {
    pid_t pid = 0;
    {
        auto child =
            Child::start("/bin/sh", {"-c", "echo first; echo ready at 7 >&2; exec sleep 100"}, log());
        ASSERT_TRUE(child);
        pid = child->pid();
        const auto line = child->wait_for_line("ready", std::chrono::seconds(10));
        ASSERT_TRUE(line);
        EXPECT_EQ(*line, "ready at 7");
    }
    EXPECT_EQ(kill(pid, 0), -1);
}

TEST_F(ChildTest, SaysWhatAProgramWroteThatEnded) {
    auto child = Child::start("/bin/sh", {"-c", "echo cannot open >&2; exit 3"}, log());
    ASSERT_TRUE(child);
    const auto line = child->wait_for_line("ready", std::chrono::seconds(10));
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().rule, "E_CHILD_ENDED");
    EXPECT_NE(line.error().detail.find("cannot open"), std::string::npos);
}

TEST_F(ChildTest, GivesUpAfterTheLimit) {
    auto child = Child::start("/bin/sh", {"-c", "exec sleep 100"}, log());
    ASSERT_TRUE(child);
    EXPECT_EQ(child->wait_for_line("ready", std::chrono::milliseconds(30)).error().rule, "E_CHILD_TIMEOUT");
}

TEST_F(ChildTest, MissingProgramIsAnError) {
    EXPECT_EQ(Child::start("/nonexistent", {}, log()).error().rule, "E_SPAWN");
}

}  // namespace
}  // namespace lumoz::app

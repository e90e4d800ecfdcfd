// SPDX-License-Identifier: Apache-2.0
#include "app/output/files.hpp"

#include "app/process/temp_dir.hpp"

#include <gtest/gtest.h>

namespace lumoz::app {
namespace {

TEST(Files, WritesAndReadsBack) {
    const auto dir = TempDir::make("files-test");
    ASSERT_TRUE(dir);
    const std::string path = (dir->path() / "a").string();
    ASSERT_TRUE(write_output(path, as_bytes(std::string(200'000, 'x'))));
    const auto content = read_input(path, 200'000);
    ASSERT_TRUE(content);
    EXPECT_EQ(content->size(), 200'000u);
}

TEST(Files, RefusesMoreThanTheCeiling) {
    const auto dir = TempDir::make("files-test");
    ASSERT_TRUE(dir);
    const std::string path = (dir->path() / "a").string();
    ASSERT_TRUE(write_output(path, as_bytes("12345")));
    EXPECT_EQ(read_input(path, 4).error().rule, "E_FILE_SIZE");
}

TEST(Files, NamesTheFileThatIsMissing) {
    const auto content = read_input("/nonexistent/file");
    ASSERT_FALSE(content);
    EXPECT_EQ(content.error().rule, "E_FILE");
    EXPECT_EQ(exit_code(content.error().code), 1);
    EXPECT_NE(content.error().detail.find("/nonexistent/file"), std::string::npos);
}

TEST(Files, FolderIsNotAFile) {
    EXPECT_EQ(read_input("/tmp").error().rule, "E_FILE");
}

TEST(TokenFile, IsItsFirstLine) {
    const auto dir = TempDir::make("files-test");
    ASSERT_TRUE(dir);
    const std::string path = (dir->path() / "token").string();
    ASSERT_TRUE(write_output(path, as_bytes("  secret-1 \nsecond\n")));
    EXPECT_EQ(*read_token(path), "secret-1");
    ASSERT_TRUE(write_output(path, as_bytes("\n")));
    EXPECT_EQ(read_token(path).error().rule, "E_TOKEN_FILE");
}

TEST(TempDir, GoesAwayWithItsObject) {
    std::filesystem::path path;
    {
        const auto dir = TempDir::make("files-test");
        ASSERT_TRUE(dir);
        path = dir->path();
        ASSERT_TRUE(write_output((path / "a").string(), as_bytes("1")));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace lumoz::app

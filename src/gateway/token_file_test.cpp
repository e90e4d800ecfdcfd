// SPDX-License-Identifier: Apache-2.0
#include "gateway/token_file.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace lumoz::gateway {
namespace {

namespace fs = std::filesystem;

std::string line(const std::string& name, std::string_view token) {
    return name + " sha256:" + to_hex(crypto::sha256(as_bytes(token)).view()) + "\n";
}

class TokenFileTest : public ::testing::Test {
protected:
    void SetUp() override {
        path_ = fs::temp_directory_path() / ("lumoz-tokens-" + std::to_string(::getpid()));
    }
    void TearDown() override { fs::remove(path_); }
    void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
    fs::path path_;
};

TEST_F(TokenFileTest, ANewContentIsANewTable) {
    write(line("alice", "a"));
    TokenFile file(path_);
    const auto first = file.load();
    ASSERT_TRUE(first);
    EXPECT_EQ((*first)->find("a"), "alice");
    const auto same = file.poll();
    ASSERT_TRUE(same);
    EXPECT_EQ(*same, nullptr);
    // The same length at once: the file system's clock may not have moved.
    write(line("alice", "b"));
    const auto second = file.poll();
    ASSERT_TRUE(second && *second);
    EXPECT_EQ((*second)->find("a"), "");
    EXPECT_EQ((*second)->find("b"), "alice");
}

TEST_F(TokenFileTest, AFileRenamedOverItIsSeen) {
    write(line("alice", "a"));
    TokenFile file(path_);
    ASSERT_TRUE(file.load());
    const fs::path next = path_.string() + ".new";
    std::ofstream(next) << line("bob", "b");
    fs::rename(next, path_);
    const auto table = file.poll();
    ASSERT_TRUE(table && *table);
    EXPECT_EQ((*table)->find("b"), "bob");
}

TEST_F(TokenFileTest, ABrokenFileIsToldOnceAndChangesNothing) {
    write(line("alice", "a"));
    TokenFile file(path_);
    ASSERT_TRUE(file.load());
    write("alice secret\n");
    const auto broken = file.poll();
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().rule, "E_TOKEN_FILE");
    EXPECT_EQ(broken.error().detail.find("secret"), std::string::npos);
    const auto again = file.poll();
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, nullptr);
    fs::remove(path_);
    EXPECT_FALSE(file.poll());
    EXPECT_TRUE(file.poll());
    write(line("alice", "c"));
    const auto mended = file.poll();
    ASSERT_TRUE(mended && *mended);
    EXPECT_EQ((*mended)->find("c"), "alice");
}

TEST_F(TokenFileTest, TheOldContentComesBackWithoutANewTable) {
    write(line("alice", "a"));
    TokenFile file(path_);
    ASSERT_TRUE(file.load());
    write("broken");
    EXPECT_FALSE(file.poll());
    write(line("alice", "a"));
    const auto table = file.poll();
    ASSERT_TRUE(table);
    EXPECT_EQ(*table, nullptr);
}

TEST(TokenTable, ManyLinesAreOneHashEach) {
    std::string text;
    for (int i = 0; i < 100'000; ++i)
        text += line("user" + std::to_string(i % 1'000), "token-" + std::to_string(i));
    const auto table = TokenTable::parse(text);
    ASSERT_TRUE(table);
    EXPECT_EQ(table->size(), 100'000U);
    EXPECT_EQ(table->find("token-99999"), "user999");
    EXPECT_EQ(table->find("token-100000"), "");
}

TEST(TokenTable, TooManyLinesAreRefused) {
    std::string text;
    for (int i = 0; i <= 200'000; ++i)
        text += line("u", std::to_string(i));
    const auto table = TokenTable::parse(text);
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().detail, "line 200001: too many lines");
}

}  // namespace
}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
#include "gateway/auth.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

std::string line(const std::string& name, std::string_view token) {
    return name + " sha256:" + to_hex(crypto::sha256(as_bytes(token)).view()) + "\n";
}

TEST(TokenTable, FindsTheNameOfAToken) {
    const auto table = TokenTable::parse("# people\n\n" + line("alice", "a-token") + line("bob", "b-token"));
    ASSERT_TRUE(table);
    EXPECT_EQ(table->find("a-token"), "alice");
    EXPECT_EQ(table->find("b-token"), "bob");
    EXPECT_EQ(table->find("c-token"), "");
    EXPECT_EQ(table->find(""), "");
}

TEST(TokenTable, OldAndNewTokenHaveOneName) {
    const auto table = TokenTable::parse(line("alice", "old") + line("alice", "new"));
    ASSERT_TRUE(table);
    EXPECT_EQ(table->find("old"), "alice");
    EXPECT_EQ(table->find("new"), "alice");
}

TEST(TokenTable, RefusesBadLinesAndNamesThem) {
    for (const std::string& text :
         {std::string("alice\n"), std::string("alice secret-token\n"), std::string("alice sha256:00\n"),
          std::string("a/b sha256:") + std::string(64, '0') + "\n", line("a", "t") + line("b", "t")}) {
        const auto table = TokenTable::parse("\n" + text);
        ASSERT_FALSE(table) << text;
        EXPECT_EQ(table.error().rule, "E_TOKEN_FILE");
        EXPECT_TRUE(table.error().detail.starts_with("line ")) << table.error().detail;
        EXPECT_EQ(table.error().detail.find("secret-token"), std::string::npos);
    }
}

TEST(TokenTable, MissingFileIsNamed) {
    const auto table = TokenTable::load("/nonexistent/tokens");
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().rule, "E_TOKEN_FILE");
}

TEST(Auth, ReadsTheBearerHeader) {
    const auto table = TokenTable::parse(line("alice", "tok"));
    ASSERT_TRUE(table);
    EXPECT_EQ(authenticate(&*table, "Bearer tok").name, "alice");
    EXPECT_EQ(authenticate(&*table, "bearer  tok ").name, "alice");
    for (const std::string_view header :
         {"", "Bearer", "Bearer ", "Bearer wrong", "Basic tok", "tok", "Bearertok"})
        EXPECT_EQ(authenticate(&*table, header).state, AuthState::Missing) << header;
    EXPECT_FALSE(authenticate(&*table, "Bearer " + std::string(5'000, 'x')).allowed());
}

TEST(Auth, IsOpenWithoutATable) {
    const Principal principal = authenticate(nullptr, "Bearer anything");
    EXPECT_EQ(principal.state, AuthState::Open);
    EXPECT_EQ(principal.name, "");
}

}  // namespace
}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/read_config.hpp"

#include <gtest/gtest.h>

namespace lumoz::app {
namespace {

TEST(ReadConfig, TablesBecomeDottedKeys) {
    const auto values = read_toml(
        "state_dir = \"s\"\n[listen]\naddress = \"a:1\"\n[listen.tls]\nnames = [\"n\"]\n"
        "[limits]\njson_depth = 7\n[signatures]\nopen = true\n");
    ASSERT_TRUE(values) << values.error().detail;
    EXPECT_EQ(std::get<std::string>(values->at("listen.address")), "a:1");
    EXPECT_EQ(std::get<std::vector<std::string>>(values->at("listen.tls.names")).front(), "n");
    EXPECT_EQ(std::get<std::int64_t>(values->at("limits.json_depth")), 7);
    EXPECT_TRUE(std::get<bool>(values->at("signatures.open")));
}

TEST(ReadConfig, TextThatIsNotTomlNamesTheLine) {
    const auto values = read_toml("a = 1\nb = = 2\n");
    ASSERT_FALSE(values);
    EXPECT_EQ(values.error().rule, "E_CONFIG");
    EXPECT_TRUE(values.error().detail.starts_with("line 2")) << values.error().detail;
}

TEST(ReadConfig, DuplicateKeysAndOtherKindsAreRefused) {
    EXPECT_FALSE(read_toml("a = 1\na = 2\n"));
    EXPECT_FALSE(read_toml("a = 1.5\n"));
    EXPECT_FALSE(read_toml("a = 2020-01-01\n"));
    EXPECT_FALSE(read_toml("a = [1]\n"));
    EXPECT_FALSE(read_toml("[a.b.c.d.e.f]\nx = 1\n"));
}

TEST(ReadConfig, TablesInAListGetItsIndex) {
    const auto values = read_toml(
        "[[models]]\nname = \"a\"\nurls = [\"x\", \"y\"]\n[models.endpoint_urls]\nrerank = \"r\"\n"
        "[[models]]\nname = \"b\"\n");
    ASSERT_TRUE(values) << values.error().detail;
    EXPECT_EQ(values->size(), 4U);
    EXPECT_EQ(std::get<std::string>(values->at("models[0].endpoint_urls.rerank")), "r");
    EXPECT_EQ(std::get<std::vector<std::string>>(values->at("models[0].urls")).size(), 2U);
    EXPECT_EQ(std::get<std::string>(values->at("models[1].name")), "b");
    EXPECT_EQ(read_toml("[[models]]\nname = \"a\"\n[[models]]\n").error().detail,
              "line 3: `models[1]` says nothing");
    EXPECT_FALSE(read_toml("models = [{name = \"a\"}, \"b\"]\n"));
}

TEST(ReadConfig, MissingFileIsNamed) {
    const auto config = read_config("/nonexistent/lumozd.toml");
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().detail, "cannot open /nonexistent/lumozd.toml");
}

}  // namespace
}  // namespace lumoz::app

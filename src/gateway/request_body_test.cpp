// SPDX-License-Identifier: Apache-2.0
#include "gateway/request_body.hpp"

#include "base/json.hpp"
#include "base/testing.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

std::expected<RequestBody, ApiError> read(std::string_view body) {
    return read_request_body(body, 1'000'000, 16);
}

TEST(RequestBody, ReadsModelAndStream) {
    const auto body = read(R"({"model":"m","stream":true,"messages":[]})");
    ASSERT_TRUE(body);
    EXPECT_EQ(body->model, "m");
    EXPECT_TRUE(body->stream);
    EXPECT_FALSE(body->forwarded);
}

TEST(RequestBody, NullMembersCountAsAbsent) {
    const auto body = read(R"({"model":null,"stream":null})");
    ASSERT_TRUE(body);
    EXPECT_FALSE(body->model);
    EXPECT_FALSE(body->stream);
}

TEST(RequestBody, RefusesWhatIsNoStrictObject) {
    const std::string deep = "{\"a\":" + std::string(20, '[') + std::string(20, ']') + "}";
    for (const std::string_view text :
         {"", "{nope", "[1]", "1", "{\"a\":1} x", "{\"model\":\"a\",\"model\":\"b\"}",
          "{\"a\":{\"x\":1,\"x\":2}}", "\xEF\xBB\xBF{}", "{\"a\":\"\xff\"}"}) {
        const auto body = read(text);
        ASSERT_FALSE(body) << text;
        EXPECT_EQ(body.error().status, 400);
        EXPECT_EQ(body.error().type, "bad_request");
    }
    EXPECT_FALSE(read(deep));
    EXPECT_FALSE(read_request_body("{\"a\":\"0123456789\"}", 10, 16));
}

TEST(RequestBody, RefusesMembersOfAWrongType) {
    EXPECT_EQ(read(R"({"model":1})").error().message, "model must be a string");
    EXPECT_EQ(read(R"({"stream":"yes"})").error().message, "stream must be a boolean");
}

TEST(RequestBody, SplicesAciMembersOut) {
    const auto body =
        read(R"({"model": "m", "provider": {"aci_verified": true, "order": ["a", 1.50]} ,"n":1})");
    ASSERT_TRUE(body);
    EXPECT_EQ(body->forwarded, R"({"model": "m", "provider": { "order": ["a", 1.50]} ,"n":1})");
}

TEST(RequestBody, ServingConstraintsOfADirectServiceFollowTheVectors) {
    const auto dir = testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors";
    const std::string text = testing::read_file(*dir / "api/aci/serving_constraints.json");
    const auto document = json::Document::parse(text);
    ASSERT_TRUE(document);
    const auto cases = document->root().find("cases")->elements();
    ASSERT_FALSE(cases.empty());
    for (const json::Value& c : cases) {
        const std::string id = c.find("id")->as_string().value();
        const std::string expect = c.find("expect")->as_string().value();
        const auto body = read("{\"provider\":" + std::string(c.find("provider")->raw()) + "}");
        if (expect.starts_with("serve")) {
            EXPECT_TRUE(body) << id;
        } else {
            ASSERT_FALSE(body) << id;
            const std::string got =
                std::to_string(body.error().status) + " " + std::string(body.error().type);
            EXPECT_TRUE(expect.starts_with(got)) << id << ": " << got;
        }
    }
}

TEST(RequestBody, TheSpliceKeepsTheBytesOfEveryOtherMember) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({"provider":{"aci_verified":true}})", R"({"provider":{}})"},
        {R"({"provider":{ "\u006fk" : 1.0 , "aci_verified":true , "x":[ 1e400 ] } })",
         R"({"provider":{ "\u006fk" : 1.0 , "x":[ 1e400 ] } })"},
        {R"({"provider":{"aci_verified":true, "b\/c":"\u00fc"}})", R"({"provider":{ "b\/c":"\u00fc"}})"},
        {R"({"provider":{"a":{"aci_verified":1},"aci_verified":true}})",
         R"({"provider":{"a":{"aci_verified":1}}})"},
    };
    for (const auto& [body, forwarded] : cases) {
        const auto parsed = read_request_body(body, 10'000, 16);
        ASSERT_TRUE(parsed) << body;
        EXPECT_EQ(parsed->forwarded, forwarded);
    }
}

}  // namespace
}  // namespace lumoz::gateway

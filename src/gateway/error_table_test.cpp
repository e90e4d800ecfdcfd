// SPDX-License-Identifier: Apache-2.0
#include "gateway/error_table.hpp"

#include "base/json.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

TEST(ErrorTable, BodyHasTheFourMembersAlways) {
    EXPECT_EQ(error_body(api_error(Failure::Unauthorized)),
              R"({"error":{"message":"Invalid or missing Authorization header","type":"unauthorized",)"
              R"("param":null,"code":null}})");
}

TEST(ErrorTable, UnknownModelIsNotFoundWithCode) {
    const ApiError error = api_error(Failure::ModelNotFound);
    EXPECT_EQ(error.status, 404);
    EXPECT_EQ(error.type, "not_found");
    EXPECT_EQ(error.code, "model_not_found");
}

TEST(ErrorTable, EngineTextNeverReachesTheClient) {
    const ApiError error = engine_error(
        400, R"({"error":{"message":"prompt was SECRET","type":"invalid_request_error","code":400}})");
    EXPECT_EQ(error.status, 400);
    EXPECT_EQ(error_body(error).find("SECRET"), std::string::npos);
    EXPECT_EQ(error.type, "bad_request");
}

// The forms in which engines quote what a user wrote.
TEST(ErrorTable, NoFormOfAnEngineErrorBringsUserInputBack) {
    struct Row {
        int status;
        std::string body;
        std::string type;
        std::string code;
    };
    for (
        const Row& row : std::vector<Row>{
            {400,
             R"({"error":{"message":"[{'type': 'missing', 'loc': ('body', 'messages'), 'input': {'prompt': 'SECRET'}}]","type":"Bad Request","param":"SECRET","code":400}})",
             "bad_request", ""},
            {400,
             R"({"object":"error","message":"1 validation error\n input_value='SECRET'","type":"BadRequestError","param":null,"code":400})",
             "bad_request", ""},
            {422,
             R"({"detail":[{"type":"string_type","loc":["body","messages",0,"content"],"msg":"Input should be a valid string","input":"SECRET"}]})",
             "bad_request", ""},
            {422, R"({"detail":"SECRET"})", "upstream_error", ""},
            {400,
             R"({"object":"error","message":"This model's maximum context length is 4096 tokens. SECRET","type":"BadRequestError","code":400})",
             "bad_request", "context_length_exceeded"},
            {400,
             R"({"error":{"message":"SECRET","type":"invalid_request_error","code":"context_length_exceeded"}})",
             "bad_request", "context_length_exceeded"},
            {400, R"({"error":{"code":400,"message":"SECRET","type":"exceed_context_size_error","n_ctx":1}})",
             "bad_request", "context_length_exceeded"},
            {529, R"({"type":"error","error":{"type":"overloaded_error","message":"SECRET"}})", "unavailable",
             "engine_overloaded"},
            {500, R"({"error":"SECRET"})", "upstream_error", ""},
            {400, R"({"error":{"type":"SECRET","message":"SECRET","code":"SECRET"}})", "upstream_error", ""},
            {400, "SECRET", "upstream_error", ""},
        }) {
        const ApiError error = engine_error(row.status, row.body);
        EXPECT_EQ(error.status, row.status) << row.body;
        EXPECT_EQ(error.type, row.type) << row.body;
        EXPECT_EQ(error.code, row.code) << row.body;
        EXPECT_EQ(error_body(error).find("SECRET"), std::string::npos) << row.body;
    }
}

TEST(ErrorTable, EngineStatusIsKept) {
    EXPECT_EQ(engine_error(501, "").status, 501);
    EXPECT_EQ(engine_error(429, "not json").status, 429);
    EXPECT_EQ(engine_error(500, "x").message, "The engine failed");
}

TEST(ErrorTable, EngineStatusThatIsNoErrorIsGarbage) {
    EXPECT_EQ(engine_error(302, "").status, 502);
    EXPECT_EQ(engine_error(101, "").code, "engine_garbage");
}

TEST(ErrorTable, OnlyRefusalsBeforeForwardingAskForARetry) {
    EXPECT_EQ(should_retry(api_error(Failure::StoreUnhealthy)), "true");
    EXPECT_EQ(should_retry(api_error(Failure::RateLimited)), "true");
    EXPECT_EQ(should_retry(api_error(Failure::NotFound)), "false");
    EXPECT_EQ(should_retry(api_error(Failure::EngineTimeout)), "false");
}

TEST(ErrorTable, DetailIsOneMoreMember) {
    ApiError error = api_error(Failure::Incomplete);
    error.detail_name = "receipt_id";
    error.detail_value = "rcpt-1";
    const std::string body = error_body(error);
    const auto parsed = json::Document::parse(body);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->root().find("error")->find("receipt_id")->as_string(), "rcpt-1");
}

}  // namespace
}  // namespace lumoz::gateway

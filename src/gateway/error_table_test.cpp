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

// SPDX-License-Identifier: Apache-2.0
#include "gateway/router.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

TEST(Router, FindsPagesAndTheirParameters) {
    EXPECT_EQ(find_route("GET", "/")->page, Page::Root);
    EXPECT_EQ(find_route("POST", "/v1/chat/completions?x=1")->page, Page::ChatCompletions);
    const auto route = find_route("GET", "/v1/signature/chatcmpl-1%3Aa?signing_algo=ecdsa");
    ASSERT_TRUE(route);
    EXPECT_EQ(route->page, Page::Signature);
    EXPECT_EQ(route->parameter, "chatcmpl-1:a");
    EXPECT_EQ(route->name, "/v1/signature/{id}");
}

TEST(Router, RefusesTraversalInEverySpelling) {
    for (const std::string& target :
         {std::string("/v1/../admin"), std::string("/v1/%2e%2e/admin"), std::string("/v1/.%2E/x"),
          std::string("/v1/signature/..%2f..%2fetc"), std::string("/v1/a\\b"), std::string("/v1/a%5Cb"),
          std::string("/v1/a%00b"), std::string("v1/models"), std::string("/%zz"), std::string("/%4"),
          std::string("*"), std::string("http://host/v1/models")}) {
        const auto route = find_route("GET", target);
        ASSERT_FALSE(route) << target;
        EXPECT_EQ(route.error().status, 400) << target;
    }
}

TEST(Router, NothingOutsideTheListExists) {
    for (const std::string_view target :
         {"/v1/stream", "/v1/stream?conv_id=1", "/slots", "/props", "/tools", "/v1/tools", "/v1/x/control",
          "/v1/models/", "/v1/signature/", "/v1/signature/a/b", "/v1/chat/completions/", "//v1/models",
          "/V1/models", "/v1/%252e%252e/x"}) {
        for (const std::string_view method : {"GET", "POST"}) {
            const auto route = find_route(method, target);
            ASSERT_FALSE(route) << target;
            EXPECT_NE(route.error().status, 200) << target;
        }
    }
}

TEST(Router, WrongMethodIs405) {
    EXPECT_EQ(find_route("POST", "/v1/models").error().status, 405);
    EXPECT_EQ(find_route("GET", "/v1/chat/completions").error().status, 405);
    EXPECT_EQ(find_route("DELETE", "/nothing").error().status, 404);
}

TEST(Router, QueryValuesAreDecoded) {
    EXPECT_EQ(query_value("a=1&b=%41%2b", "b"), "A+");
    EXPECT_EQ(query_value("a", "a"), "");
    EXPECT_EQ(query_value("a=1", "b"), std::nullopt);
    EXPECT_EQ(query_value("a=%z", "a"), std::nullopt);
}

}  // namespace
}  // namespace lumoz::gateway

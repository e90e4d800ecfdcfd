// SPDX-License-Identifier: Apache-2.0
#include "gateway/catch_all.hpp"

#include "gateway/router.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

TEST(CatchAll, TakesOtherPathsUnderV1) {
    for (const std::string_view path :
         {"/v1/moderations", "/v1/audio/translations", "/v1/classify", "/v1/images/variations",
          "/v1/messages/count_tokens", "/v1/a/b/c.d~e"})
        EXPECT_TRUE(is_catch_all_path(path)) << path;
    const auto route = find_route("POST", "/v1/moder%61tions?x=1");
    ASSERT_TRUE(route);
    EXPECT_EQ(route->page, Page::CatchAll);
    EXPECT_EQ(route->name, "/v1/{path}");
    EXPECT_EQ(route->parameter, "/v1/moder%61tions");
}

TEST(CatchAll, NeverWhatControlsTheEngineOrKeepsState) {
    for (const std::string_view path : {"/v1/stream",
                                        "/v1/streams",
                                        "/v1/stream/x",
                                        "/v1/STREAM",
                                        "/v1/slots",
                                        "/v1/slots/0",
                                        "/v1/x/slots",
                                        "/v1/tools",
                                        "/v1/props",
                                        "/v1/Props",
                                        "/v1/chat/completions/control",
                                        "/v1/models/control",
                                        "/v1/x/control",
                                        "/v1/x/control;a=b",
                                        "/v1/slots;x",
                                        "/v1/load_lora_adapter",
                                        "/v1/x/stream",
                                        "/v1/files/file-1",
                                        "/v1/batches",
                                        "/v1/responses/resp_1",
                                        "/v1/conversations/c/items",
                                        "/v1/threads",
                                        "/v1/chat/completions/chatcmpl-1",
                                        "/v1/Chat/Completions/chatcmpl-1",
                                        "/v1/chat;x/completions/chatcmpl-1",
                                        "/v1/Messages/Batches",
                                        "/v1/messages/batches",
                                        "/v1/messages/batches/x",
                                        "/v1/models/m"})
        EXPECT_FALSE(is_catch_all_path(path)) << path;
}

TEST(CatchAll, NamesOfOursStayOurs) {
    for (const std::string_view path :
         {"/v1/aci/x", "/v1/attestation/ita-token", "/v1/signature", "/v1/evidence", "/v1/usage/all",
          "/v1/admin/upstreams", "/v1/ohttp/config", "/v1/health/x"})
        EXPECT_FALSE(is_catch_all_path(path)) << path;
}

TEST(CatchAll, PathsThatTwoReadersCouldReadInTwoWays) {
    for (const std::string& path :
         {std::string("/v1/"), std::string("/v1//x"), std::string("/v1/x/"), std::string("/v1/./slots"),
          std::string("/v1/%73lots"), std::string("/v1/a b"), std::string("/v1/a\n"),
          std::string("/v1/a\xc3\xbc"), std::string("/v2/x"), std::string("/slots"),
          "/v1/" + std::string(1'024, 'a')})
        EXPECT_FALSE(is_catch_all_path(path)) << path;
    // Encoded once, the deny list still sees them; encoded twice, they are refused.
    for (const std::string_view target :
         {"/v1/%73lots", "/v1/%2573lots", "/v1/x%2f..%2fslots", "/v1/a%2Fslots"})
        EXPECT_FALSE(find_route("GET", target)) << target;
}

TEST(CatchAll, MethodsAndKinds) {
    EXPECT_EQ(find_route("DELETE", "/v1/moderations")->page, Page::CatchAll);
    EXPECT_EQ(find_route("TRACE", "/v1/moderations").error().status, 405);
    EXPECT_EQ(find_route("GET", "/v1/rerank").error().status, 405);
    const auto allowed = [](CatchAll mode, EngineKind kind) {
        ModelConfig model;
        model.engine_catch_all = mode;
        model.engine_kind = kind;
        return catch_all_allowed(model);
    };
    EXPECT_TRUE(allowed(CatchAll::Auto, EngineKind::Url));
    EXPECT_FALSE(allowed(CatchAll::Auto, EngineKind::LlamaServer));
    EXPECT_TRUE(allowed(CatchAll::On, EngineKind::LlamaServer));
    EXPECT_FALSE(allowed(CatchAll::Off, EngineKind::Url));
}

}  // namespace
}  // namespace lumoz::gateway

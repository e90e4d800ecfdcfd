// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/engine_choice.hpp"

#include <gtest/gtest.h>

namespace lumoz::app {
namespace {

using gateway::EngineKind;
using gateway::ModelConfig;
using Paths = std::vector<std::string>;

TEST(EngineChoice, AModelOffersWhatItsEngineDoes) {
    ModelConfig model;
    EXPECT_EQ(offered_paths(model), (Paths{"/v1/chat/completions", "/v1/completions", "/v1/embeddings",
                                           "/v1/messages", "/v1/responses", "/v1/tokenize"}));
    model.engine_embeddings = false;
    model.engine_endpoint_urls["rerank"] = "http://h:1";
    model.engine_endpoint_urls["score"] = "";
    EXPECT_EQ(offered_paths(model), (Paths{"/v1/chat/completions", "/v1/completions", "/v1/messages",
                                           "/v1/responses", "/v1/rerank", "/v1/tokenize"}));
    model.engine_endpoints = {"rerank", "chat"};
    EXPECT_EQ(offered_paths(model), (Paths{"/v1/chat/completions", "/v1/rerank"}));
    model.engine_kind = EngineKind::Url;
    EXPECT_EQ(offered_paths(model), (Paths{"/v1/chat/completions", "/v1/rerank"}));
    model.engine_endpoints.clear();
    EXPECT_EQ(offered_paths(model), Paths{});
}

TEST(EngineChoice, OneUrlIsAskedItselfAndSeveralAreAGroup) {
    const gateway::Config shared;
    ModelConfig model;
    model.engine_kind = EngineKind::Url;
    model.engine_url = "http://127.0.0.1:1";
    auto one = choose_engines(shared, model, "engine");
    ASSERT_TRUE(one);
    EXPECT_EQ(&one->main(), one->urls.front().get());
    model.engine_url.clear();
    model.engine_urls = {"http://127.0.0.1:1/a", "http://127.0.0.1:2"};
    auto two = choose_engines(shared, model, "engine");
    ASSERT_TRUE(two);
    EXPECT_EQ(&two->main(), two->group.get());
    EXPECT_EQ(two->main().backends().size(), 2U);
    EXPECT_EQ(two->main().name(), "http://127.0.0.1:1/a");
}

TEST(EngineChoice, AnEndpointsUrlGivesItsPath) {
    const gateway::Config shared;
    ModelConfig model;
    model.engine_kind = EngineKind::Url;
    model.engine_url = "http://127.0.0.1:1";
    model.engine_endpoint_urls = {{"rerank", "http://h:2/own/rerank"}, {"score", "http://h:3"}, {"chat", ""}};
    auto chosen = choose_engines(shared, model, "engine");
    ASSERT_TRUE(chosen);
    ASSERT_EQ(chosen->elsewhere.size(), 2U);
    EXPECT_EQ(chosen->elsewhere[0].path, "/v1/rerank");
    EXPECT_EQ(chosen->elsewhere[0].target, "/own/rerank");
    EXPECT_EQ(chosen->elsewhere[0].engine->name(), "http://h:2");
    EXPECT_EQ(chosen->elsewhere[1].target, "");
    model.engine_endpoint_urls["rerank"] = "http://user@h";
    EXPECT_EQ(choose_engines(shared, model, "engine").error().rule, "E_URL");
}

TEST(EngineChoice, RefusesWhatIsNotThere) {
    const gateway::Config shared;
    ModelConfig model;
    model.engine_binary = "/nonexistent/llama-server";
    EXPECT_EQ(choose_engines(shared, model, "engine").error().rule, "E_CONFIG");
}

}  // namespace
}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"
#include "gateway/config_keys.hpp"
#include "gateway/engine_routes.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

ConfigValues two() {
    return {{"models[0].name", std::string("b")},         {"models[0].engine", std::string("url")},
            {"models[0].url", std::string("http://h:1")}, {"models[1].name", std::string("a")},
            {"models[1].path", std::string("/a.gguf")},   {"models[1].context", std::int64_t{512}},
            {"engine.context", std::int64_t{2'048}},      {"engine.parallel", std::int64_t{3}}};
}

std::string refusal(ConfigValues values, std::string name, ConfigValue value) {
    values.insert_or_assign(std::move(name), std::move(value));
    const auto config = make_config(values);
    return config ? "accepted" : config.error().detail;
}

TEST(ConfigModels, OneModelIsWhatModelAndEngineSay) {
    const auto config = make_config({{"model.path", std::string("/m.gguf")},
                                     {"model.name", std::string("m")},
                                     {"engine.context", std::int64_t{77}}});
    ASSERT_TRUE(config) << config.error().detail;
    ASSERT_EQ(config->models.size(), 1U);
    EXPECT_EQ(config->models[0], static_cast<const ModelConfig&>(*config));
    EXPECT_EQ(config->models[0].engine_context, 77);
    EXPECT_FALSE(config->model_tables);
}

TEST(ConfigModels, TablesTakeFromEngineWhatTheyDoNotSay) {
    const auto config = make_config(two());
    ASSERT_TRUE(config) << config.error().detail;
    ASSERT_EQ(config->models.size(), 2U);
    EXPECT_EQ(config->models[0].model_name, "b");
    EXPECT_EQ(config->models[0].engine_kind, EngineKind::Url);
    EXPECT_EQ(config->models[0].engine_context, 2'048);
    EXPECT_EQ(config->models[1].engine_context, 512);
    EXPECT_EQ(config->models[1].engine_parallel, 3);
    EXPECT_TRUE(config->model_tables);
}

TEST(ConfigModels, ElementsAreCountedAsNumbers) {
    ConfigValues values;
    for (int i = 0; i < 12; ++i) {
        values["models[" + std::to_string(i) + "].name"] = "m" + std::to_string(i);
        values["models[" + std::to_string(i) + "].path"] = std::string("/m");
    }
    const auto config = make_config(values);
    ASSERT_TRUE(config) << config.error().detail;
    EXPECT_EQ(config->models[2].model_name, "m2");
    EXPECT_EQ(config->models[11].model_name, "m11");
}

TEST(ConfigModels, RefusalsNameTheElementAndTheKey) {
    EXPECT_EQ(refusal(two(), "models[1].contxt", std::int64_t{1}),
              "unknown key `models[1].contxt`; did you mean `models[1].context`?");
    EXPECT_EQ(refusal(two(), "models[1].context", std::string("many")),
              "`models[1].context` must be a number from 0 to 10000000");
    EXPECT_EQ(refusal(two(), "models[1].name", std::string("b")),
              "models[1].name is the name of another model");
    EXPECT_EQ(refusal(two(), "models[1].name", std::string()), "models[1].name must have 1 to 256 bytes");
    EXPECT_EQ(refusal(two(), "models[2].path", std::string("/x")), "models[2].name is needed");
    EXPECT_EQ(refusal(two(), "models[1].engine", std::string("magic")),
              "`models[1].engine` must be one of \"llama-server\" \"url\"");
    EXPECT_EQ(refusal(two(), "models[1].path", std::string()),
              "models[1].path is needed when models[1].engine is \"llama-server\"");
    EXPECT_EQ(refusal(two(), "models[0].url", std::string()),
              "models[0].url is needed when models[0].engine is \"url\"");
    EXPECT_EQ(refusal(two(), "models[0].urls", std::vector<std::string>{"http://h:2"}),
              "models[0].url and models[0].urls exclude each other");
    EXPECT_EQ(refusal(two(), "models[1].urls", std::vector<std::string>{"http://h:2"}),
              "models[1].url needs models[1].engine = \"url\"");
    EXPECT_EQ(refusal(two(), "models[0].endpoints", std::vector<std::string>{"embedings"}),
              "models[0].endpoints: `embedings` is no endpoint; did you mean `embeddings`?");
    EXPECT_EQ(refusal(two(), "models[0].spki_sha256", std::string("00")),
              "models[0].spki_sha256 must be 64 hex digits");
}

TEST(ConfigModels, OneModelAndTablesExcludeEachOther) {
    for (const char* key : {"model.name", "model.path", "engine.url", "engine.endpoint_urls.rerank"})
        EXPECT_EQ(
            refusal(two(), key, std::string("x")),
            "`" + std::string(key) + "` and [[models]] exclude each other: say it in the model's table");
    EXPECT_NE(refusal(two(), "engine.kind", std::string("url")), "accepted");
    EXPECT_NE(refusal(two(), "engine.urls", std::vector<std::string>{"http://h"}), "accepted");
}

TEST(ConfigModels, EndpointUrlsNeedAnEndpointThatIsAnswered) {
    ConfigValues values = two();
    values["models[0].endpoints"] = std::vector<std::string>{"chat"};
    EXPECT_EQ(refusal(values, "models[0].endpoint_urls.rerank", std::string("http://h:9/v1/rerank")),
              "models[0].endpoint_urls.rerank says nothing: `rerank` is not in models[0].endpoints");
    values["models[0].endpoints"] = std::vector<std::string>{"chat", "rerank"};
    EXPECT_EQ(refusal(values, "models[0].endpoint_urls.rerank", std::string("http://h:9/v1/rerank")),
              "accepted");
    EXPECT_NE(refusal(values, "models[0].endpoint_urls.rerunk", std::string("http://h"))
                  .find("`models[0].endpoint_urls.rerank`"),
              std::string::npos);
}

TEST(ConfigModels, BackendsAreBoundedAndDiffer) {
    ConfigValues values = two();
    values.erase("models[0].url");
    EXPECT_EQ(refusal(values, "models[0].urls", std::vector<std::string>{"http://h", "http://h"}),
              "models[0].urls has an element twice");
    std::vector<std::string> many;
    for (int i = 0; i < 65; ++i)
        many.push_back("http://h:" + std::to_string(i + 1));
    EXPECT_EQ(refusal(values, "models[0].urls", many), "models[0].urls has more than 64 elements");
    many.pop_back();
    EXPECT_EQ(refusal(values, "models[0].urls", many), "accepted");
}

TEST(ConfigModels, EffectiveConfigurationListsTheModelsByName) {
    const auto config = make_config(two());
    ASSERT_TRUE(config);
    const std::string text = effective_config_json(*config);
    EXPECT_EQ(text, json::canonical(text).value_or("not canonical"));
    EXPECT_EQ(text.find("\"engine.context\""), std::string::npos);
    EXPECT_EQ(text.find("\"model.name\""), std::string::npos);
    EXPECT_NE(text.find("\"engine.runtime_dir\""), std::string::npos);
    const std::size_t a = text.find(R"("name":"\"a\"")");
    const std::size_t b = text.find(R"("name":"\"b\"")");
    ASSERT_NE(a, std::string::npos);
    ASSERT_NE(b, std::string::npos);
    EXPECT_LT(a, b);
    const auto document = json::Document::parse(text);
    ASSERT_TRUE(document);
    const json::Value first = document->root().find("models")->elements().at(0);
    for (const ConfigKey& key : config_keys())
        if (key.of_model) EXPECT_TRUE(first.find(key.short_name())) << key.name;
    EXPECT_EQ(first.find("context")->as_string(), "512");

    ConfigValues other = two();
    other["models[1].context"] = std::int64_t{513};
    EXPECT_NE(effective_config_json(*make_config(other)), text);
}

TEST(ConfigModels, EveryEndpointHasItsKey) {
    const std::string page = config_reference();
    EXPECT_EQ(endpoints().size(), 13U);
    for (const EngineRoute& endpoint : endpoints()) {
        EXPECT_EQ(endpoint_of_word(endpoint.word), &endpoint);
        EXPECT_EQ(&engine_route(endpoint.page), &endpoint);
        EXPECT_NE(page.find("| `endpoint_urls." + std::string(endpoint.word) + "` |"), std::string::npos);
    }
    EXPECT_EQ(endpoint_of_word("magic"), nullptr);
}

}  // namespace
}  // namespace lumoz::gateway

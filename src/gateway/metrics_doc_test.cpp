// SPDX-License-Identifier: Apache-2.0
// docs/metrics.md and the dashboard name exactly what the page of metrics has.
#include "base/testing.hpp"
#include "engine/engine_group.hpp"
#include "gateway/pages.hpp"
#include "gateway/testing.hpp"

#include <regex>
#include <set>

namespace lumoz::gateway {
namespace {

using testing::World;

/// Only there while collateral is.
constexpr std::string_view kSometimes = "lumoz_collateral_seconds_left";

/// Name to type of all metrics of a page.
std::map<std::string, std::string> types_of(const std::string& page) {
    std::map<std::string, std::string> out;
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string hash, kind, name, type;
        if (words >> hash >> kind >> name >> type && hash == "#" && kind == "TYPE")
            EXPECT_TRUE(out.emplace(name, type).second) << name << " stands there twice";
    }
    return out;
}

std::map<std::string, std::string> page_types() {
    World w;
    engine::EngineGroup group({&*w.engine, &*w.engine}, std::chrono::seconds(1));
    w.service->models.set(std::make_shared<const ModelTable>(std::vector<Model>{
        {.name = "m", .engine = group, .event = {}, .use = std::make_shared<ModelUse>()}}));
    w.service->key_state.set(std::make_shared<const KeyState>(KeyState{.chain_not_after = 1}));
    auto out = types_of(metrics_page(*w.service));
    out.emplace(kSometimes, "gauge");
    return out;
}

TEST(MetricsDocument, HasARowForEachMetricAndNoOther) {
    const std::string text =
        lumoz::testing::read_file((lumoz::testing::source_root() / "docs/metrics.md").string());
    std::map<std::string, std::string> rows;
    const std::regex row(R"(\n\| `([a-z_0-9]+)` \| ([a-z]+) \|)");
    for (std::sregex_iterator i(text.begin(), text.end(), row), end; i != end; ++i)
        rows.emplace((*i)[1], (*i)[2]);
    const auto types = page_types();
    for (const auto& [name, type] : types)
        EXPECT_EQ(rows.contains(name) ? rows.at(name) : "absent", type)
            << "want a row `| `" << name << "` | " << type << " |`";
    for (const auto& [name, type] : rows)
        EXPECT_TRUE(types.contains(name)) << name << " is no metric any more";
}

TEST(MetricsDocument, TheDashboardAsksForMetricsThatAre) {
    const std::string text =
        lumoz::testing::read_file((lumoz::testing::source_root() / "deploy/grafana/lumoz.json").string());
    ASSERT_TRUE(json::Document::parse(text, {.max_bytes = 1 << 20, .max_depth = 32}));
    const auto types = page_types();
    std::set<std::string> asked;
    const std::regex name(R"(lumoz_[a-z_0-9]+)");
    for (std::sregex_iterator i(text.begin(), text.end(), name), end; i != end; ++i) {
        std::string metric = i->str();
        if (metric.ends_with("_bucket")) {
            metric.resize(metric.size() - 7);
            EXPECT_EQ(types.contains(metric) ? types.at(metric) : "absent", "histogram") << metric;
        }
        EXPECT_TRUE(types.contains(metric)) << metric;
        asked.insert(metric);
    }
    EXPECT_GT(asked.size(), 30U);
}

TEST(MetricsDocument, CompatibleNamesCanBeLeftOut) {
    World w({.change = [](Config& c) { c.compatible_metrics = false; }});
    for (const auto& [name, type] : types_of(metrics_page(*w.service)))
        EXPECT_TRUE(name.starts_with("lumoz_")) << name;
}

TEST(CompatibleMetrics, SayTheSame) {
    World w({.tokens = testing::token_line("alice", "tok")});
    w.engine_routes.on("/v1/chat/completions", [](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "text/event-stream"}};
        (void)e.begin(200, headers, std::nullopt);
        (void)co_await e.finish(as_bytes("data: {\"id\":\"a\"}\n\ndata: [DONE]\n\n"));
    });
    w.engine_routes.on("/v1/embeddings", [](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "application/json"}};
        (void)co_await e.respond(500, headers, as_bytes("{}"));
    });
    w.engine_routes.on("/v1/completions", [](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "text/event-stream"}};
        (void)e.begin(200, headers, std::nullopt);
        (void)co_await e.finish(as_bytes("data: {\"id\":\"a\"}\n\n"));
    });
    w.run([](World& w) -> net::Task<void> {
        const std::string body = R"({"model":"m"})";
        (void)co_await w.post("/v1/chat/completions", body, "tok");
        (void)co_await w.post("/v1/embeddings", body, "tok");
        (void)co_await w.post("/v1/completions", body, "tok");
        (void)co_await w.post("/v1/completions", body, "wrong");
        const std::string page = metrics_page(*w.service);
        for (
            const std::string_view line :
            {R"(http_requests_total{method="POST",endpoint="/v1/chat/completions",status="200"} 1)",
             R"(http_request_duration_seconds_count{method="POST",endpoint="/v1/embeddings"} 1)",
             R"(http_errors_total{error_type="unauthorized"} 1)", "active_connections 0",
             "streaming_connections 0", R"(signatures_generated_total{algorithm="ecdsa"} 2)",
             R"(upstream_request_duration_seconds_count{endpoint="/v1/embeddings"} 1)",
             R"(vllm_proxy_errors_total{type="upstream_error"} 1)",
             R"(private_ai_gateway_requests_total{endpoint="/v1/chat/completions",mode="stream",e2ee="none"} 1)",
             R"(private_ai_gateway_upstream_responses_total{endpoint="/v1/embeddings",mode="buffered",status_class="5xx",model_id="m"} 1)",
             R"(private_ai_gateway_receipts_issued_total{endpoint="/v1/completions",mode="stream",model_id="m"} 1)",
             R"(private_ai_gateway_stream_errors_total{endpoint="/v1/completions",kind="engine"} 1)",
             "attestation_cache_hits_total 0", R"(cloud_api_auth_attempts_total{outcome="ok",kind=""} 0)"})
            EXPECT_NE(page.find("\n" + std::string(line) + "\n"), std::string::npos) << line;
        EXPECT_EQ(page.find("alice"), std::string::npos);
    }(w));
}

}  // namespace
}  // namespace lumoz::gateway

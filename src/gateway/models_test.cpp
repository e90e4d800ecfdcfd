// SPDX-License-Identifier: Apache-2.0
// Several models: who answers, who does not, and what is said about them.
#include "gateway/models.hpp"

#include "evidence/statement.hpp"
#include "gateway/model_pages.hpp"
#include "gateway/testing.hpp"

namespace lumoz::gateway {
namespace {

using testing::event_of;
using testing::Reply;
using testing::World;

const std::string kAsk = R"({"model":"m","messages":[]})";
const std::string kAskOther = R"({"model":"org/other","messages":[]})";

Digest256 root_of(std::uint8_t byte) {
    Digest256 root;
    root.bytes.fill(byte);
    return root;
}

/// A second model `org/other` with a scripted engine of its own, beside the world's `m`.
struct TwoModels {
    explicit TwoModels(World& world) : w(world) {
        routes.on("/health", [this](net::Exchange& e) -> net::Task<void> {
            const net::Headers none;
            (void)co_await e.respond(up ? 200 : 503, none, {});
        });
        for (net::testing::Routes* of : {&w.engine_routes, &routes})
            for (const char* path : {"/v1/chat/completions", "/v1/embeddings", "/own/path"})
                of->on(path, [this, of](net::Exchange& e) -> net::Task<void> {
                    (void)co_await e.read_body(1 << 20);
                    const bool first = of == &w.engine_routes;
                    const std::string body = R"({"from":")" + std::string(first ? "m" : "other") +
                                             std::string(e.head().path()) + R"("})";
                    const net::Headers headers{{"Content-Type", "application/json"}};
                    (void)co_await e.respond(200, headers, as_bytes(body));
                });
        server = *net::Server::listen(w.loop, {}, {}, routes);
        engine::UrlEngineOptions options;
        options.url = *net::parse_url("http://127.0.0.1:" + std::to_string(server->port()));
        options.probe_interval = std::chrono::milliseconds(50);
        options.probe_failures = 1;
        engine.emplace(std::move(options));
        w.loop.spawn(engine->probe_forever(w.loop));
    }
    /// Puts `m` and this other model in force.
    void set(const std::function<void(Model&)>& change = [](Model&) {}, std::string event = {}) {
        Model first{
            .name = "m",
            .engine = *w.engine,
            .event = receipt::ModelEvent{.model_root = root_of(0xaa), .method = "files", .publisher_key = {}},
            .catch_all = true};
        Model second{.name = "org/other", .engine = *engine, .event = {}};
        change(second);
        w.service->models.set(
            std::make_shared<const ModelTable>(std::vector<Model>{first, second}, std::move(event)));
    }
    net::Task<void> until(bool ready) {
        while (engine->ready() != ready)
            co_await w.loop.after(std::chrono::milliseconds(5));
    }

    World& w;
    bool up = true;
    net::testing::Routes routes;
    std::unique_ptr<net::Server> server;
    std::optional<engine::UrlEngine> engine;
};

TEST(Models, EachAnswersForItsOwnName) {
    World w;
    TwoModels two(w);
    two.set();
    w.run([](World& w, TwoModels& two) -> net::Task<void> {
        co_await two.until(true);
        const Reply first = co_await w.post("/v1/chat/completions", kAsk);
        EXPECT_EQ(first.body, R"({"from":"m/v1/chat/completions"})");
        const Reply second = co_await w.post("/v1/chat/completions", kAskOther);
        EXPECT_EQ(second.body, R"({"from":"other/v1/chat/completions"})");
        const std::string with = w.receipt(std::string(first.headers.get("X-Receipt-Id")));
        EXPECT_NE(event_of(with, "lumoz.model").find(std::string(64, 'a')), std::string::npos);
        EXPECT_EQ(event_of(with, "lumoz.models"), "");
        const std::string without = w.receipt(std::string(second.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_of(without, "lumoz.model"), "");
        EXPECT_NE(without.find(R"("model":"org/other")"), std::string::npos);
    }(w, two));
}

TEST(Models, OneThatIsDownAnswers503ForItselfAlone) {
    World w;
    TwoModels two(w);
    two.up = false;
    two.set();
    w.run([](World& w, TwoModels& two) -> net::Task<void> {
        const Reply down = co_await w.post("/v1/chat/completions", kAskOther);
        EXPECT_EQ(down.status, 503);
        EXPECT_EQ(down.error_code(), "engine_not_ready");
        EXPECT_EQ(down.headers.get("x-should-retry"), "true");
        const std::string receipt = w.receipt(std::string(down.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_of(receipt, "request.forwarded"), "");
        const Reply other = co_await w.post("/v1/chat/completions", kAsk);
        EXPECT_EQ(other.status, 200);
        two.up = true;
        co_await two.until(true);
        const Reply again = co_await w.post("/v1/chat/completions", kAskOther);
        EXPECT_EQ(again.status, 200);
    }(w, two));
}

TEST(Models, ARequestWithoutModelIsToldWhichThereAre) {
    World w;
    TwoModels two(w);
    two.set();
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", R"({"messages":[]})");
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error_member("param"), "model");
        EXPECT_EQ(reply.error_member("message"), "model is needed; this service has m, org/other");
        EXPECT_FALSE(reply.headers.get("X-Receipt-Id").empty());
        const Reply unknown = co_await w.post("/v1/chat/completions", R"({"model":"x"})");
        EXPECT_EQ(unknown.status, 404);
        EXPECT_EQ(unknown.error_code(), "model_not_found");
    }(w));
}

TEST(Models, AnEndpointThatAModelDoesNotAnswerIs404) {
    World w;
    TwoModels two(w);
    two.set([](Model& m) { m.endpoints = {"/v1/embeddings"}; });
    w.run([](World& w, TwoModels& two) -> net::Task<void> {
        co_await two.until(true);
        const Reply refused = co_await w.post("/v1/chat/completions", kAskOther);
        EXPECT_EQ(refused.status, 404);
        EXPECT_EQ(refused.error_code(), "endpoint_not_offered");
        EXPECT_EQ(refused.error_member("param"), "model");
        EXPECT_EQ(refused.error_member("message"),
                  "The model does not answer this endpoint; it answers /v1/embeddings");
        const Reply good = co_await w.post("/v1/embeddings", kAskOther);
        EXPECT_EQ(good.status, 200);
        const Reply other = co_await w.post("/v1/chat/completions", kAsk);
        EXPECT_EQ(other.status, 200);
    }(w, two));
}

TEST(Models, OtherPathsAreForModelsWhoseEngineIsAskedForThem) {
    World w;
    TwoModels two(w);
    testing::script(w, "/v1/moderations", {"{}"});
    two.set();
    w.run([](World& w, TwoModels& two) -> net::Task<void> {
        co_await two.until(true);
        EXPECT_EQ((co_await w.post("/v1/moderations", kAsk)).status, 200);
        EXPECT_EQ((co_await w.post("/v1/moderations", kAskOther)).status, 404);
    }(w, two));
}

TEST(Models, AnEndpointMayHaveAServerOfItsOwn) {
    World w;
    TwoModels two(w);
    two.set([&w](Model& m) {
        m.elsewhere.push_back({"/v1/embeddings", *w.engine, "/own/path"});
        m.elsewhere.push_back({"/v1/completions", *w.engine, ""});
    });
    w.run([](World& w, TwoModels& two) -> net::Task<void> {
        co_await two.until(true);
        const Reply there = co_await w.post("/v1/embeddings", kAskOther);
        EXPECT_EQ(there.body, R"({"from":"m/own/path"})");
        const Reply here = co_await w.post("/v1/chat/completions", kAskOther);
        EXPECT_EQ(here.body, R"({"from":"other/v1/chat/completions"})");
        const Model& model = w.service->models.get()->all()[1];
        EXPECT_EQ(model.route("/v1/completions").target, "/v1/completions");
        // The main engine down: the endpoint with a server of its own still answers.
        two.up = false;
        co_await two.until(false);
        const Reply still = co_await w.post("/v1/embeddings", kAskOther);
        EXPECT_EQ(still.status, 200);
        const Reply down = co_await w.post("/v1/chat/completions", kAskOther);
        EXPECT_EQ(down.status, 503);
    }(w, two));
}

TEST(Models, TheListSaysWhatIsKnown) {
    World w;
    TwoModels two(w);
    two.set([](Model& m) {
        m.endpoints = {"/v1/embeddings", "/v1/rerank"};
        m.loaded_at = 1'800'000'005;
    });
    w.run([](World& w, TwoModels& two) -> net::Task<void> {
        co_await two.until(true);
        const Reply list = co_await w.get("/v1/models");
        EXPECT_EQ(
            list.body,
            R"({"object":"list","data":[{"id":"m","object":"model","created":1800000000,"owned_by":"lumoz",)"
            R"("model_root":"sha256:)" +
                std::string(64, 'a') +
                R"(","status":"ready"},{"id":"org/other","object":"model","created":1800000005,)"
                R"("owned_by":"lumoz","status":"ready","endpoints":["/v1/embeddings","/v1/rerank"]}]})");
        for (const char* path : {"/v1/models/org/other", "/v1/models/org%2Fother"}) {
            const Reply one = co_await w.get(path);
            EXPECT_EQ(one.status, 200);
            EXPECT_TRUE(one.body.starts_with(R"({"id":"org/other","object":"model")")) << one.body;
        }
        const Reply none = co_await w.get("/v1/models/org");
        EXPECT_EQ(none.status, 404);
        EXPECT_EQ(none.error_code(), "model_not_found");
        two.up = false;
        co_await two.until(false);
        const Reply down = co_await w.get("/v1/models/org/other");
        EXPECT_NE(down.body.find(R"("status":"down")"), std::string::npos);
    }(w, two));
}

TEST(Models, ReadinessNamesWhatIsMissing) {
    World w;
    TwoModels two(w);
    two.up = false;
    two.set();
    w.run([](World& w, TwoModels& two) -> net::Task<void> {
        while (two.engine->starting())
            co_await w.loop.after(std::chrono::milliseconds(5));
        const Reply missing = co_await w.get("/ready");
        EXPECT_EQ(missing.status, 503);
        EXPECT_NE(missing.body.find(R"("engine":"no answer from the engines of: org/other")"),
                  std::string::npos)
            << missing.body;
        two.set([](Model& m) { m.optional = true; });
        const Reply optional = co_await w.get("/ready");
        EXPECT_NE(optional.body.find(R"("engine":"ok")"), std::string::npos) << optional.body;
        EXPECT_NE(optional.body.find(R"("engine":"optional models that do not answer: org/other")"),
                  std::string::npos)
            << optional.body;
    }(w, two));
}

TEST(Models, AChangeIsInEveryReceiptFromThenOn) {
    World w;
    TwoModels two(w);
    const std::string event = models_event({{"m", "sha256:" + std::string(64, 'a')}}, 1'800'000'100);
    EXPECT_EQ(event, R"({"models_sha256":")" +
                         testing::sha256_of(R"([{"model_root":"sha256:)" + std::string(64, 'a') +
                                            R"(","name":"m"}])")
                             .substr(7) +
                         R"(","since":1800000100,"type":"lumoz.models"})");
    two.set([](Model&) {}, event);
    w.run([](World& w, std::string event) -> net::Task<void> {
        const Reply good = co_await w.post("/v1/chat/completions", kAsk);
        EXPECT_EQ(event_of(w.receipt(std::string(good.headers.get("X-Receipt-Id"))), "lumoz.models"), event);
        const Reply refused = co_await w.post("/v1/chat/completions", R"({"model":"x"})");
        EXPECT_EQ(event_of(w.receipt(std::string(refused.headers.get("X-Receipt-Id"))), "lumoz.models"),
                  event);
    }(w, event));
}

TEST(Models, WeightsThatTheEvidenceDoesNotNameAnswerNothing) {
    World w;
    TwoModels two(w);
    for (const std::uint8_t byte : {std::uint8_t{0xaa}, std::uint8_t{0xbb}}) {
        two.set([byte](Model& m) {
            m.event =
                receipt::ModelEvent{.model_root = root_of(byte), .method = "files", .publisher_key = {}};
        });
        w.run([](World& w, TwoModels& two) -> net::Task<void> {
            co_await two.until(true);
            // The root of `m` under another name is as unknown as another root.
            const Reply reply = co_await w.post("/v1/chat/completions", kAskOther);
            EXPECT_EQ(reply.status, 503);
            EXPECT_EQ(reply.error_code(), "model_not_attested");
            const std::string receipt = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
            EXPECT_EQ(event_of(receipt, "lumoz.model"), "");
            EXPECT_EQ(event_of(receipt, "request.forwarded"), "");
        }(w, two));
    }
}

TEST(Models, ARetiredModelEndsWhatItBeganAndTakesNoMore) {
    World w;
    TwoModels two(w);
    const auto use = std::make_shared<ModelUse>();
    two.set([&use](Model& m) { m.use = use; });
    two.routes.on("/v1/completions", [&](net::Exchange& e) -> net::Task<void> {
        EXPECT_EQ(use->open(), 1);
        use->retire();
        const net::Headers headers{{"Content-Type", "application/json"}};
        (void)co_await e.respond(200, headers, as_bytes("{}"));
    });
    w.run([](World& w, TwoModels& two) -> net::Task<void> {
        co_await two.until(true);
        const Reply last = co_await w.post("/v1/completions", kAskOther);
        EXPECT_EQ(last.status, 200);
        const Reply late = co_await w.post("/v1/completions", kAskOther);
        EXPECT_EQ(late.status, 404);
        EXPECT_EQ(late.error_code(), "model_not_found");
    }(w, two));
    EXPECT_EQ(use->open(), 0);
}

TEST(Models, MetricsHaveALineForEach) {
    World w;
    TwoModels two(w);
    two.set([](Model& m) { m.name = "a\"b\\c\nd"; });
    std::string out;
    write_model_metrics(out, *w.service->models.get());
    EXPECT_NE(out.find("lumoz_model_ready{model=\"a\\\"b\\\\c\\nd\"} 0\n"), std::string::npos) << out;
    EXPECT_EQ(out.find("# TYPE lumoz_model_ready"), out.rfind("# TYPE lumoz_model_ready"));
    EXPECT_EQ(out.find("lumoz_backend"), std::string::npos);
}

TEST(Models, ManyNamesAreCutShort) {
    World w;
    std::vector<Model> models;
    for (int i = 0; i < 20; ++i)
        models.push_back({.name = "m" + std::to_string(i), .engine = *w.engine, .event = {}});
    const ModelTable table(std::move(models));
    const auto chosen = choose_model(table, std::nullopt, "/v1/chat/completions", w.identity);
    ASSERT_FALSE(chosen);
    EXPECT_TRUE(chosen.error().message.ends_with("m14, m15 and 4 more")) << chosen.error().message;
}

}  // namespace
}  // namespace lumoz::gateway

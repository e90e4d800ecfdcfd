// SPDX-License-Identifier: Apache-2.0
// Lives of keys that follow each other while requests run.
#include "gateway/key_life.hpp"

#include "gateway/testing.hpp"

namespace lumoz::gateway {
namespace {

using testing::event_of;
using testing::Reply;
using testing::World;

const std::string kRequest = R"({"model":"m","stream":true})";
const std::string kFirst = "data: {\"choices\":[],\"id\":\"chatcmpl-s\"}\n\n";
const std::string kDone = "data: [DONE]\n\n";

LifeParts parts(World& w) {
    return {.tee = {.tee_type = "tdx"},
            .attestor = *w.attestor,
            .collateral = *w.collateral,
            .store = *w.store,
            .clock = w.clock};
}

Result<std::shared_ptr<const KeyEpoch>> new_life(World& w, std::int64_t body_bytes = 10 << 20) {
    Config config = w.config;
    config.max_body_bytes = body_bytes;
    LifeFacts facts{.config = std::make_shared<const Config>(config), .identity = {}};
    facts.identity.models.push_back({"m", "sha256:" + std::string(64, 'a')});
    facts.identity.lifetime = 1'000;
    return begin_life(parts(w), std::move(facts));
}

std::string root_page(const KeyEpoch& keys) {
    return R"({"api_version":"aci/1","workload_keyset_digest":")" + keys.identity.keyset_digest + "\"}";
}

TEST(KeyLife, IsStoredBeforeItSigns) {
    World w;
    const auto life = new_life(w);
    ASSERT_TRUE(life) << life.error().rule;
    const identity::PublicIdentity& identity = (*life)->identity;
    EXPECT_EQ(identity.not_after, w.clock.now() + 1'000);
    const auto stored = w.store->keyset(identity.keyset_digest);
    ASSERT_TRUE(stored && *stored);
    EXPECT_EQ((*stored)->not_after, identity.not_after);
    EXPECT_EQ((*stored)->signers, (*life)->signer.addresses());
    EXPECT_NE((*stored)->evidence.find("\"statement\""), std::string::npos);
    // Every setting is in the digest that the statement covers.
    const auto other = new_life(w, 2'048);
    ASSERT_TRUE(other);
    EXPECT_NE((*other)->identity.facts.config_sha256, identity.facts.config_sha256);
    EXPECT_EQ((*other)->config->max_body_bytes, 2'048);
}

TEST(KeyLife, DoesNotBeginWithoutItsTee) {
    World w;
    w.device.failing = true;
    const auto life = new_life(w);
    ASSERT_FALSE(life);
    EXPECT_EQ(life.error().rule, "E_TEE_IO");
}

TEST(KeyLife, AStreamEndsUnderTheKeysItBeganWith) {
    World w;
    net::Signal go_on(w.loop);
    w.engine_routes.on("/v1/chat/completions", [&go_on](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "text/event-stream"}};
        (void)e.begin(200, headers, std::nullopt);
        (void)co_await e.write(as_bytes(kFirst));
        co_await go_on.wait();
        (void)co_await e.write(as_bytes(kDone));
        (void)co_await e.finish();
    });
    w.run([](World& w, net::Signal& go_on) -> net::Task<void> {
        auto begun = new_life(w);
        EXPECT_TRUE(begun);
        if (!begun) co_return;
        const std::string old_digest = (*begun)->identity.keyset_digest;
        const std::weak_ptr<const KeyEpoch> old = *begun;
        w.service->keys.set(std::move(*begun));
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                                std::to_string(kRequest.size()) + "\r\n\r\n" + kRequest);
        const bool first = co_await raw.read_until(w.loop, kFirst);
        EXPECT_TRUE(first);
        EXPECT_NE(raw.seen.find(old_digest), std::string::npos);

        auto next = new_life(w);
        EXPECT_TRUE(next);
        if (!next) co_return;
        const std::string page = root_page(**next);
        w.service->keys.set(std::move(*next));
        EXPECT_FALSE(old.expired()) << "the stream still needs them";
        const Reply root = co_await w.get("/");
        EXPECT_EQ(root.body, page);
        const Reply aci = co_await w.get("/v1/aci/attestation");
        EXPECT_NE(aci.body.find(w.service->keys.get()->identity.keyset_digest), std::string::npos);

        go_on.fire();
        const bool done = co_await raw.read_until(w.loop, "[DONE]");
        EXPECT_TRUE(done);
        EXPECT_NE(w.receipt("chatcmpl-s").find(old_digest), std::string::npos);
        EXPECT_EQ(w.store->last.keyset_digest, old_digest);
        EXPECT_TRUE(w.store->last.signatures);
        co_await net::testing::turn(w.loop, 20);
        EXPECT_TRUE(old.expired()) << "the secrets go with the last request";
        const Reply evidence = co_await w.get("/v1/evidence/" + old_digest);
        EXPECT_EQ(evidence.status, 200);
    }(w, go_on));
}

TEST(KeyLife, TheConfigurationOfALifeIsInForceForItsRequests) {
    World w;
    w.run([](World& w) -> net::Task<void> {
        auto life = new_life(w, 1'024);
        EXPECT_TRUE(life);
        if (!life) co_return;
        const std::string digest = to_hex((*life)->identity.facts.config_sha256.view());
        w.service->keys.set(std::move(*life));
        const Reply large = co_await w.post("/v1/chat/completions", std::string(1'025, ' '));
        EXPECT_EQ(large.status, 413);
        const Reply unknown = co_await w.post("/v1/chat/completions", R"({"model":"other"})");
        EXPECT_EQ(unknown.status, 404);
        const std::string receipt = w.receipt(std::string(unknown.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_of(receipt, "lumoz.config"),
                  R"({"config_sha256":")" + digest + R"(","type":"lumoz.config"})");
    }(w));
}

TEST(KeyState, WarnsAndCounts) {
    World w;
    w.run([](World& w) -> net::Task<void> {
        const Reply before = co_await w.get("/ready");
        EXPECT_NE(before.body.find(R"("tls":"ok")"), std::string::npos) << before.body;
        EXPECT_NE(before.body.find(R"("warnings":{})"), std::string::npos) << before.body;
        w.service->key_state.set(std::make_shared<const KeyState>(KeyState{.rotations = 3,
                                                                           .failures = 2,
                                                                           .lives = 4,
                                                                           .trouble = "E_TEE_IO",
                                                                           .chain_not_after = 1'900'000'000,
                                                                           .tls_warning = "runs out"}));
        const Reply ready = co_await w.get("/ready");
        EXPECT_EQ(ready.status, 200);
        EXPECT_NE(ready.body.find(R"("keys":"not renewed: E_TEE_IO; they end in 604800 s")"),
                  std::string::npos)
            << ready.body;
        EXPECT_NE(ready.body.find(R"("tls":"runs out")"), std::string::npos) << ready.body;
        const Reply metrics = co_await w.get("/metrics");
        for (const std::string_view line :
             {"lumoz_key_rotations_total 3\n", "lumoz_key_rotations_failed_total 2\n", "lumoz_key_lives 4\n",
              "lumoz_tls_chain_not_after_seconds 1.9e+09\n", "lumoz_tls_warning 1\n"})
            EXPECT_NE(metrics.body.find(line), std::string::npos) << line;
    }(w));
}

}  // namespace
}  // namespace lumoz::gateway

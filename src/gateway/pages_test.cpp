// SPDX-License-Identifier: Apache-2.0
// Routes that the service answers itself, who may read what, and the shared vectors live.
#include "base/testing.hpp"
#include "gateway/testing.hpp"

namespace lumoz::gateway {
namespace {

using testing::Reply;
using testing::token_line;
using testing::World;

const std::string kRequest = R"({"model":"m","messages":[]})";

void script(World& w) {
    w.engine_routes.on("/v1/chat/completions", [](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "application/json"}};
        (void)co_await e.respond(200, headers, as_bytes(R"({"id":"chatcmpl-1"})"));
    });
}

TEST(Pages, StateAndModels) {
    World w;
    w.run([](World& w) -> net::Task<void> {
        const Reply root = co_await w.get("/");
        EXPECT_EQ(root.body,
                  R"({"api_version":"aci/1","workload_keyset_digest":")" + w.identity.keyset_digest + "\"}");
        const Reply version = co_await w.get("/version");
        EXPECT_EQ(version.body, R"({"version":"0.0.0","type":"lumozd"})");
        const Reply health = co_await w.get("/health");
        EXPECT_EQ(health.status, 200);
        const Reply models = co_await w.get("/v1/models");
        EXPECT_NE(models.body.find(R"({"id":"m","object":"model")"), std::string::npos);
        EXPECT_NE(models.body.find("\"model_root\":\"sha256:aaaa"), std::string::npos);
        const Reply missing = co_await w.get("/v1/nothing");
        EXPECT_EQ(missing.status, 404);
        EXPECT_EQ(missing.headers.get("x-should-retry"), "false");
        const Reply method = co_await w.post("/v1/models", "{}");
        EXPECT_EQ(method.status, 405);
    }(w));
}

TEST(Pages, ReadyNamesWhatIsMissing) {
    World w;
    w.run([](World& w) -> net::Task<void> {
        const Reply ready = co_await w.get("/ready");
        EXPECT_EQ(ready.status, 200) << ready.body;
        EXPECT_NE(ready.body.find(R"("authentication":"off")"), std::string::npos);
        w.store->unhealthy = true;
        w.service->attested = false;
        w.clock.time += identity::kKeysetLifetime;
        const Reply not_ready = co_await w.get("/ready");
        EXPECT_EQ(not_ready.status, 503);
        EXPECT_NE(not_ready.body.find(R"("missing":["keys","store","keyset"])"), std::string::npos)
            << not_ready.body;
        EXPECT_NE(not_ready.body.find(R"("store":"E_STORE_SPACE")"), std::string::npos);
    }(w));
}

TEST(Pages, MetricsCountRequests) {
    World w;
    script(w);
    w.run([](World& w) -> net::Task<void> {
        (void)co_await w.post("/v1/chat/completions", kRequest);
        const Reply page = co_await w.get("/metrics");
        EXPECT_TRUE(page.headers.get("Content-Type").starts_with("text/plain"));
        EXPECT_NE(page.body.find("lumoz_receipts_issued_total 1\n"), std::string::npos);
        EXPECT_NE(page.body.find("lumoz_engine_ready 1\n"), std::string::npos);
        EXPECT_NE(page.body.find("endpoint=\"/v1/chat/completions\",status=\"200\"} 1\n"), std::string::npos);
    }(w));
}

TEST(Pages, ReceiptsBelongToTheCredentialThatAsked) {
    World w({.tokens = token_line("alice", "a") + token_line("alice", "a2") + token_line("bob", "b")});
    script(w);
    w.run([](World& w) -> net::Task<void> {
        const Reply nobody = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_EQ(nobody.status, 401);
        EXPECT_EQ(nobody.headers.get("WWW-Authenticate"), "Bearer");
        const Reply asked = co_await w.post("/v1/chat/completions", kRequest, "a");
        EXPECT_EQ(asked.status, 200);
        const std::string id(asked.headers.get("X-Receipt-Id"));
        for (const std::string& target :
             {"/v1/aci/receipts/" + id, "/v1/signature/" + id, std::string("/v1/signature/chatcmpl-1")}) {
            const Reply own = co_await w.get(target, "a");
            EXPECT_EQ(own.status, 200) << target;
            const Reply new_token = co_await w.get(target, "a2");
            EXPECT_EQ(new_token.status, 200) << target;
            const Reply other = co_await w.get(target, "b");
            EXPECT_EQ(other.status, 404) << target;
            EXPECT_EQ(other.error_type(), "not_found");
            const Reply none = co_await w.get(target);
            EXPECT_EQ(none.status, 401) << target;
            const Reply wrong = co_await w.get(target, "c");
            EXPECT_EQ(wrong.status, 401) << target;
        }
    }(w));
}

TEST(Pages, TwoCredentialsAreNone) {
    World w({.tokens = token_line("alice", "a") + token_line("bob", "b")});
    w.run([](World& w) -> net::Task<void> {
        const net::Headers both{{"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}};
        const Reply reply = co_await w.ask("GET", "/v1/signature/x", both, {});
        EXPECT_EQ(reply.status, 401);
        const net::Headers mixed{{"Authorization", "Bearer a"}, {"x-api-key", "a"}};
        EXPECT_EQ((co_await w.ask("GET", "/v1/signature/x", mixed, {})).status, 401);
        const net::Headers twice{{"x-api-key", "a"}, {"X-Api-Key", "a"}};
        EXPECT_EQ((co_await w.ask("GET", "/v1/signature/x", twice, {})).status, 401);
    }(w));
}

TEST(Pages, AnthropicsHeaderIsACredentialToo) {
    World w({.tokens = token_line("alice", "a")});
    script(w);
    w.run([](World& w) -> net::Task<void> {
        const net::Headers key{{"X-Api-Key", "a"}, {"Content-Type", "application/json"}};
        const Reply asked = co_await w.ask("POST", "/v1/chat/completions", key, std::string(kRequest));
        EXPECT_EQ(asked.status, 200);
        EXPECT_FALSE(w.last_engine_headers.find("x-api-key"));
        const std::string id(asked.headers.get("X-Receipt-Id"));
        EXPECT_EQ((co_await w.get("/v1/signature/" + id, "a")).status, 200);
        const net::Headers wrong{{"X-Api-Key", "b"}};
        EXPECT_EQ((co_await w.ask("GET", "/v1/signature/" + id, wrong, {})).status, 401);
    }(w));
}

TEST(Pages, SignaturesOpenLetsEverybodyRead) {
    World w({.tokens = token_line("alice", "a"), .change = [](Config& c) { c.signatures_open = true; }});
    script(w);
    w.run([](World& w) -> net::Task<void> {
        const Reply asked = co_await w.post("/v1/chat/completions", kRequest, "a");
        const Reply read =
            co_await w.get("/v1/aci/receipts/" + std::string(asked.headers.get("X-Receipt-Id")));
        EXPECT_EQ(read.status, 200);
        const Reply refused = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_EQ(refused.status, 401);
    }(w));
}

TEST(Pages, NewestOfEqualResponseIdsIsFound) {
    World w;
    script(w);
    w.run([](World& w) -> net::Task<void> {
        (void)co_await w.post("/v1/chat/completions", kRequest);
        const Reply second = co_await w.post("/v1/chat/completions", kRequest);
        const Reply found = co_await w.get("/v1/aci/receipts/chatcmpl-1");
        EXPECT_NE(found.body.find(second.headers.get("X-Receipt-Id")), std::string::npos);
    }(w));
}

TEST(Pages, EvidenceOfBirthIsServed) {
    World w;
    w.run([](World& w) -> net::Task<void> {
        const Reply stored = co_await w.get("/v1/evidence/" + w.identity.keyset_digest);
        EXPECT_EQ(stored.status, 200);
        EXPECT_EQ(stored.body, R"({"evidence":"of birth"})");
        const Reply unknown = co_await w.get("/v1/evidence/sha256:" + std::string(64, '0'));
        EXPECT_EQ(unknown.status, 404);
        const Reply odd = co_await w.get("/v1/evidence/x");
        EXPECT_EQ(odd.status, 404);
    }(w));
}

TEST(Pages, DeviceTroubleIsAnError) {
    World w;
    w.device.failing = true;
    w.run([](World& w) -> net::Task<void> {
        const Reply report = co_await w.get("/v1/attestation/report?nonce=" + std::string(64, '1'));
        EXPECT_EQ(report.status, 503);
        EXPECT_EQ(report.error_code(), "attestation_failed");
    }(w));
}

TEST(Pages, ReportSaysThatReceiptsAreOpen) {
    World w;
    w.run([](World& w) -> net::Task<void> {
        const Reply report = co_await w.get("/v1/attestation/report?binding=lumoz");
        EXPECT_EQ(report.status, 200) << report.body;
        const auto parsed = json::Document::parse(report.body);
        EXPECT_TRUE(parsed);
        if (!parsed) co_return;
        EXPECT_EQ(parsed->root().find("authentication")->as_string(), "off");
        const Reply exporter = co_await w.get("/v1/attestation/report?channel=exporter");
        EXPECT_EQ(exporter.status, 400);
    }(w));
}

TEST(Pages, TooManyRequestsAre429) {
    World w({.change = [](Config& c) { c.requests_per_second = 2; }});
    w.run([](World& w) -> net::Task<void> {
        int refused = 0;
        for (int i = 0; i < 10; ++i) {
            const Reply reply = co_await w.get("/health");
            if (reply.status != 429) continue;
            ++refused;
            EXPECT_EQ(reply.error_type(), "rate_limited");
            EXPECT_EQ(reply.headers.get("Retry-After"), "1");
        }
        EXPECT_GE(refused, 4);
    }(w));
}

TEST(Pages, BrokenHttpIsAnsweredInJson) {
    World w;
    w.run([](World& w) -> net::Task<void> {
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send("BROKEN\r\n\r\n");
        (void)co_await raw.read_to_end(w.loop);
        EXPECT_TRUE(raw.seen.starts_with("HTTP/1.1 400")) << raw.seen;
        EXPECT_NE(raw.seen.find(R"("type":"bad_request")"), std::string::npos);
    }(w));
}

std::string with(std::string text, const std::vector<std::pair<std::string, std::string>>& names) {
    for (const auto& [name, value] : names)
        for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name))
            text.replace(at, name.size(), value);
    return text;
}

bool has_status(const json::Value& status, int got) {
    if (const auto one = status.as_int()) return *one == got;
    const auto all = status.elements();
    return std::ranges::any_of(all, [got](const json::Value& v) { return v.as_int() == got; });
}

net::Task<void> run_error_cases(World& w, const json::Value& root) {
    const Reply asked = co_await w.post("/v1/chat/completions", kRequest, "tok");
    const std::vector<std::pair<std::string, std::string>> names{
        {"{token}", "tok"},
        {"{chat_id}", "chatcmpl-1"},
        {"{receipt_id}", std::string(asked.headers.get("X-Receipt-Id"))}};
    for (const json::Value& c : root.find("cases")->elements()) {
        const std::string id = c.find("id")->as_string().value();
        net::Headers headers;
        for (const auto& member : c.find("headers")->members())
            headers.add(member.name, with(member.value.as_string().value(), names));
        std::string body = c.find("body")->as_string().value_or("");
        std::string method = c.find("method")->as_string().value();
        std::string path = with(c.find("path")->as_string().value(), names);
        const Reply reply = co_await w.ask(std::move(method), std::move(path), headers, std::move(body));
        EXPECT_TRUE(has_status(*c.find("status"), reply.status)) << id << ": " << reply.status;
        const auto type = c.find("error_type");
        if (type) EXPECT_EQ(reply.error_type(), type->as_string()) << id;
        if (reply.status >= 400) EXPECT_EQ(reply.headers.get("Content-Type"), "application/json") << id;
    }
}

TEST(Vectors, HttpErrors) {
    const auto dir = lumoz::testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors";
    const std::string text = lumoz::testing::read_file(*dir / "api/http_errors.json");
    const auto document = json::Document::parse(text);
    ASSERT_TRUE(document);
    World w({.tokens = token_line("t", "tok")});
    script(w);
    w.run(run_error_cases(w, document->root()));
}

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    return text;
}

net::Task<void> run_query_cases(World& w, const json::Value& root) {
    const std::string address = crypto::to_lower_address(w.identity.v1_address);
    const std::vector<std::pair<std::string, std::string>> names{
        {"{ecdsa_address}", address},
        {"{ecdsa_address_upper_hex}", "0x" + upper(address.substr(2))},
        {"{ed25519_public_key}", to_hex(w.identity.v1_ed25519.view())}};
    for (const json::Value& c : root.find("cases")->elements()) {
        const std::string id = c.find("id")->as_string().value();
        const std::string query = with(c.find("query")->as_string().value(), names);
        const Reply reply = co_await w.get("/v1/attestation/report" + (query.empty() ? "" : "?" + query));
        EXPECT_EQ(reply.status, c.find("status")->as_int()) << id << reply.body.substr(0, 300);
        if (const auto message = c.find("error_message"))
            EXPECT_EQ(reply.error_member("message"), message->as_string()) << id;
    }
}

TEST(Vectors, AttestationQuery) {
    const auto dir = lumoz::testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors";
    const std::string text = lumoz::testing::read_file(*dir / "api/attestation_query.json");
    const auto document = json::Document::parse(text);
    ASSERT_TRUE(document);
    World w;
    w.run(run_query_cases(w, document->root()));
}

net::Task<void> run_aci_cases(World& w, const json::Value& root) {
    for (const json::Value& c : root.find("cases")->elements()) {
        const std::string id = c.find("id")->as_string().value();
        const std::string nonce = with(c.find("nonce")->as_string().value(), {{" ", "%20"}});
        const Reply reply = co_await w.get("/v1/aci/attestation?nonce=" + nonce);
        EXPECT_EQ(reply.status, c.find("status")->as_int()) << id << reply.body.substr(0, 300);
        if (reply.status != 200) EXPECT_EQ(reply.error_type(), "invalid_request_error") << id;
    }
}

TEST(Vectors, AciAttestationQuery) {
    const auto dir = lumoz::testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors";
    const std::string text = lumoz::testing::read_file(*dir / "api/aci/attestation_query.json");
    const auto document = json::Document::parse(text);
    ASSERT_TRUE(document);
    World w;
    w.run(run_aci_cases(w, document->root()));
}

}  // namespace
}  // namespace lumoz::gateway

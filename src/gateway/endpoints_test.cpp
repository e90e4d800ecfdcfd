// SPDX-License-Identifier: Apache-2.0
// Every page that the engine answers: bytes in both directions, hashes, and which exchanges have a receipt.
#include "gateway/testing.hpp"

namespace lumoz::gateway {
namespace {

using testing::event_hash;
using testing::event_of;
using testing::Reply;
using testing::script;
using testing::sha256_of;
using testing::World;

/// Numbers, escapes, spacing and characters that a reader and writer of JSON would change.
const std::string kOdd =
    "{ \"model\" :\"m\",\"unknown\":{\"a\":1.0,\"b\":1e400,\"c\":-0,\"d\":123456789012345678901234567890,"
    "\"e\":0.10,\"f\":1E+2},\"esc\":\"\\u00fc\\/"
    "\\ud83d\\ude00\",\"utf8\":\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\" ,"
    "\"list\":[ ], \"null\":null}\r\n";

struct PageCase {
    std::string path;    ///< at our service
    std::string engine;  ///< at the engine
    bool receipt;
};
const std::vector<PageCase> kJsonPages{
    {"/v1/chat/completions", "/v1/chat/completions", true},
    {"/v1/completions", "/v1/completions", true},
    {"/v1/embeddings", "/v1/embeddings", true},
    {"/v1/rerank", "/v1/rerank", true},
    {"/v1/score", "/v1/score", true},
    {"/v1/images/generations", "/v1/images/generations", true},
    {"/v1/images/edits", "/v1/images/edits", true},
    {"/v1/audio/speech", "/v1/audio/speech", true},
    {"/v1/tokenize", "/tokenize", false},
    {"/v1/moderations", "/v1/moderations", true},
};

/// The text in two pieces, cut inside a character of several bytes.
std::vector<std::string> cut_in_a_character(const std::string& text) {
    const std::size_t at = text.find('\x9f');
    EXPECT_NE(at, std::string::npos);
    return {text.substr(0, at), text.substr(at)};
}

net::Task<void> check_page(World& w, PageCase page) {
    script(w, page.engine, cut_in_a_character(kOdd));
    const Reply reply = co_await w.post(page.path, kOdd);
    EXPECT_EQ(reply.status, 200) << page.path << reply.body;
    EXPECT_EQ(reply.body, kOdd) << page.path;
    EXPECT_EQ(w.last_engine_body, kOdd) << page.path;
    EXPECT_EQ(w.last_engine_target, "POST " + page.engine);
    const std::string id(reply.headers.get("X-Receipt-Id"));
    EXPECT_EQ(!id.empty(), page.receipt) << page.path;
    if (id.empty()) co_return;
    const std::string stored = w.receipt(id);
    EXPECT_EQ(event_hash(stored, "request.received"), sha256_of(kOdd)) << page.path;
    EXPECT_EQ(event_hash(stored, "request.forwarded"), sha256_of(kOdd)) << page.path;
    EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(kOdd)) << page.path;
    EXPECT_NE(stored.find("\"endpoint\":\"" + page.path + "\""), std::string::npos) << stored;
    const Reply signature = co_await w.get("/v1/signature/" + id);
    EXPECT_EQ(signature.status, 200) << page.path;
}

TEST(Endpoints, BytesArriveAsTheyWereInBothDirections) {
    World w;
    for (const PageCase& page : kJsonPages)
        w.run(check_page(w, page));
    EXPECT_EQ(w.store->appended, kJsonPages.size() - 1);
}

TEST(Endpoints, RequestsSplitInsideACharacterArriveWhole) {
    World w;
    script(w, "/v1/rerank", {kOdd});
    w.run([](World& w) -> net::Task<void> {
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        const std::size_t at = kOdd.find('\x9f');
        (void)co_await raw.send(
            "POST /v1/rerank HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
            std::to_string(kOdd.size()) + "\r\n\r\n" + kOdd.substr(0, at));
        co_await w.loop.after(std::chrono::milliseconds(20));
        (void)co_await raw.send(kOdd.substr(at));
        (void)co_await raw.read_to_end(w.loop);
        EXPECT_TRUE(raw.seen.starts_with("HTTP/1.1 200")) << raw.seen;
        EXPECT_EQ(w.last_engine_body, kOdd);
    }(w));
}

TEST(Endpoints, EventStreamsWithoutEndMarkerAreWhole) {
    World w;
    const std::string events = "event: image_generation.completed\ndata: {\"b64_json\":\"AA\"}\n\n";
    script(w, "/v1/images/generations", {events}, "text/event-stream");
    script(w, "/v1/chat/completions", {events}, "text/event-stream");
    w.run([](World& w, std::string events) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/images/generations", R"({"model":"m","stream":true})");
        EXPECT_TRUE(reply.clean);
        EXPECT_EQ(reply.body, events);
        const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(events));
        EXPECT_EQ(event_of(stored, "lumoz.completeness"), "");
        const Reply chat = co_await w.post("/v1/chat/completions", R"({"model":"m","stream":true})");
        EXPECT_FALSE(chat.clean);
    }(w, events));
}

TEST(Endpoints, SpeechIsStreamedAndHasAReceipt) {
    World w;
    std::string audio(300'000, '\xfb');
    audio[7] = '\0';
    script(w, "/v1/audio/speech", {audio.substr(0, 1'000), audio.substr(1'000)}, "audio/mpeg");
    w.run([](World& w, std::string audio) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/audio/speech", R"({"model":"m","input":"hi","voice":"a"})");
        EXPECT_EQ(reply.body, audio);
        EXPECT_EQ(reply.headers.get("Content-Type"), "audio/mpeg");
        const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(audio));
    }(w, audio));
}

TEST(Endpoints, CatchAllHashesPathAndQueryOfBodilessRequests) {
    World w;
    script(w, "/v1/moder%61tions", {R"({"ok":1})"});
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.get("/v1/moder%61tions?a=%20b&model=m");
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(w.last_engine_target, "GET /v1/moder%61tions?a=%20b&model=m");
        const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_hash(stored, "request.received"), sha256_of("/v1/moder%61tions?a=%20b&model=m"));
        EXPECT_NE(stored.find(R"("method":"GET")"), std::string::npos);
        EXPECT_NE(stored.find(R"("endpoint":"/v1/moder%61tions")"), std::string::npos);
        const Reply other = co_await w.get("/v1/moder%61tions?model=other");
        EXPECT_EQ(other.status, 404);
        EXPECT_EQ(other.error_code(), "model_not_found");
    }(w));
}

TEST(Endpoints, CatchAllSignsJsonAndEventsOnly) {
    World w;
    script(w, "/v1/page", {"<html>"}, "text/html");
    script(w, "/v1/events", {"data: 1\n\n"}, "Text/Event-Stream; charset=utf-8");
    script(w, "/v1/broken", {"{}"}, "application/json", 418);
    w.run([](World& w) -> net::Task<void> {
        const net::Headers proof{{"X-Proof", "inline"}};
        const Reply page = co_await w.ask("GET", "/v1/page", proof, "");
        EXPECT_EQ(page.body, "<html>");
        EXPECT_TRUE(page.clean);
        EXPECT_FALSE(page.headers.find("X-Receipt-Id"));
        EXPECT_FALSE(page.headers.find("Trailer"));
        EXPECT_EQ(w.store->appended, 0U);
        const Reply events = co_await w.get("/v1/events");
        EXPECT_EQ(event_hash(w.receipt(std::string(events.headers.get("X-Receipt-Id"))), "response.returned"),
                  sha256_of("data: 1\n\n"));
        const Reply broken = co_await w.get("/v1/broken");
        EXPECT_EQ(broken.status, 418);
        EXPECT_EQ(broken.error_type(), "upstream_error");
        EXPECT_TRUE(broken.headers.find("X-Receipt-Id"));
    }(w));
}

TEST(Endpoints, CatchAllNeedsACredentialAndItsSwitch) {
    World off({.change = [](Config& c) { c.engine_catch_all = CatchAll::Off; }});
    script(off, "/v1/moderations", {"{}"});
    off.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/moderations", "{}");
        EXPECT_EQ(reply.status, 404);
        EXPECT_EQ(reply.headers.get("x-should-retry"), "false");
        EXPECT_EQ(w.last_engine_target, "");
    }(off));
    World on({.tokens = testing::token_line("alice", "tok")});
    script(on, "/v1/moderations", {"{}"});
    on.run([](World& w) -> net::Task<void> {
        EXPECT_EQ((co_await w.post("/v1/moderations", "{}")).status, 401);
        EXPECT_EQ((co_await w.post("/v1/moderations", "{}", "tok")).status, 200);
    }(on));
}

TEST(Endpoints, MetricsOfTheEngineAreOpen) {
    World w({.tokens = testing::token_line("alice", "tok")});
    script(w, "/metrics", {"vllm:num_requests 1\n"}, "text/plain; version=0.0.4");
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.get("/v1/metrics");
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "vllm:num_requests 1\n");
        const Reply own = co_await w.get("/local-metrics");
        EXPECT_NE(own.body.find("lumoz_http_requests_total{endpoint=\"/v1/metrics\",status=\"200\"} 1\n"),
                  std::string::npos);
        EXPECT_EQ((co_await w.get("/v1/health")).body, R"({"status":"ok"})");
        script(w, "/metrics", {"no"}, "text/plain", 501);
        const Reply none = co_await w.get("/v1/metrics");
        EXPECT_EQ(none.status, 501);
        EXPECT_EQ(none.error_type(), "upstream_error");
    }(w));
}

TEST(Endpoints, TraceContextPassesThrough) {
    World w;
    script(w, "/v1/score", {"{}"});
    w.run([](World& w) -> net::Task<void> {
        const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        const net::Headers headers{{"Traceparent", trace}, {"tracestate", "a=1,b=2"}, {"baggage", "user=x"}};
        const Reply reply = co_await w.ask("POST", "/v1/score", headers, "{}");
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(w.last_engine_headers.get("traceparent"), trace);
        EXPECT_EQ(w.last_engine_headers.get("tracestate"), "a=1,b=2");
        EXPECT_FALSE(w.last_engine_headers.find("baggage"));
    }(w));
}

TEST(Endpoints, NoLabelCarriesAPathOfAUser) {
    World w;
    script(w, "/v1/secret-path", {"{}"});
    w.run([](World& w) -> net::Task<void> {
        EXPECT_EQ((co_await w.get("/v1/secret-path")).status, 200);
        const Reply metrics = co_await w.get("/metrics");
        EXPECT_EQ(metrics.body.find("secret-path"), std::string::npos);
        EXPECT_NE(metrics.body.find("endpoint=\"/v1/{path}\",status=\"200\"} 1\n"), std::string::npos);
    }(w));
}

}  // namespace
}  // namespace lumoz::gateway

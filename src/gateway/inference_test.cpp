// SPDX-License-Identifier: Apache-2.0
// Answers that come in one piece, and refusals.
#include "gateway/testing.hpp"
#include "receipt/proof.hpp"

namespace lumoz::gateway {
namespace {

using testing::event_hash;
using testing::event_of;
using testing::RawEngine;
using testing::Reply;
using testing::sha256_of;
using testing::World;

const std::string kRequest = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
const std::string kAnswer = R"({"choices":[],"created":1,"model":"m","id":"chatcmpl-1"})";

/// The engine answers chat requests with this body and remembers what it saw.
void script(World& w, std::string body, int status = 200, std::string type = "application/json") {
    w.engine_routes.on("/v1/chat/completions", [&w, body, status, type](net::Exchange& e) -> net::Task<void> {
        const auto seen = co_await e.read_body(1 << 20);
        w.last_engine_body = seen ? std::string(as_text(*seen)) : "unread";
        w.last_engine_headers = e.head().headers;
        w.last_engine_target = e.head().target;
        const net::Headers headers{{"Content-Type", type}};
        (void)co_await e.respond(status, headers, as_bytes(body));
    });
}

TEST(Inference, PassesBytesUntouchedAndSignsThem) {
    World w;
    script(w, kAnswer);
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions?x=1", kRequest);
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, kAnswer);
        EXPECT_EQ(w.last_engine_body, kRequest);
        EXPECT_EQ(w.last_engine_target, "/v1/chat/completions");
        EXPECT_EQ(reply.headers.get("X-ACI-Version"), "aci/1");
        EXPECT_EQ(reply.headers.get("X-ACI-Keyset-Digest"), w.identity.keyset_digest);
        const std::string id(reply.headers.get("X-Receipt-Id"));
        EXPECT_TRUE(receipt::is_receipt_id(id));
        EXPECT_EQ(reply.headers.get("X-Request-ID"), id);
        const std::string stored = w.receipt(id);
        EXPECT_EQ(stored, w.receipt("chatcmpl-1"));
        EXPECT_EQ(event_hash(stored, "request.received"), sha256_of(kRequest));
        EXPECT_EQ(event_hash(stored, "request.forwarded"), sha256_of(kRequest));
        EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(kAnswer));
        EXPECT_NE(event_of(stored, "lumoz.model"), "");
        EXPECT_EQ(event_of(stored, "lumoz.completeness"), "");
        const Reply signature = co_await w.get("/v1/signature/chatcmpl-1?signing_algo=ed25519");
        EXPECT_EQ(signature.status, 200);
        EXPECT_NE(signature.body.find(sha256_of(kRequest).substr(7) + ":" + sha256_of(kAnswer).substr(7)),
                  std::string::npos);
    }(w));
}

TEST(Inference, EngineSeesAnAllowListOfHeaders) {
    World w({.tokens = testing::token_line("alice", "tok")});
    script(w, kAnswer);
    w.run([](World& w) -> net::Task<void> {
        net::Headers headers{{"Authorization", "Bearer tok"},
                             {"X-Conversation-Id", "c"},
                             {"Cookie", "c=1"},
                             {"Accept-Encoding", "gzip"},
                             {"X-Request-ID", "my.id_1"}};
        const Reply reply = co_await w.ask("POST", "/v1/chat/completions", headers, kRequest);
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.headers.get("X-Request-ID"), "my.id_1");
        for (const std::string_view name : {"Authorization", "X-Conversation-Id", "Cookie", "X-Request-ID"})
            EXPECT_FALSE(w.last_engine_headers.find(name)) << name;
        EXPECT_EQ(w.last_engine_headers.get("Accept-Encoding"), "identity");
        EXPECT_EQ(w.store->last.owner, "alice");
    }(w));
}

TEST(Inference, InlineProofComesInHeaders) {
    World w;
    script(w, kAnswer);
    w.run([](World& w) -> net::Task<void> {
        const net::Headers ecdsa{{"X-Proof", "inline"}};
        const Reply first = co_await w.ask("POST", "/v1/chat/completions", ecdsa, kRequest);
        EXPECT_EQ(first.headers.get("X-Signing-Algo"), "ecdsa");
        EXPECT_TRUE(first.headers.get("X-Signature").starts_with("0x"));
        EXPECT_EQ(first.headers.get("X-Signature-Text"),
                  sha256_of(kRequest).substr(7) + ":" + sha256_of(kAnswer).substr(7));
        const net::Headers ed{{"X-Proof", "inline;algo=ed25519"}};
        const Reply second = co_await w.ask("POST", "/v1/chat/completions", ed, kRequest);
        EXPECT_EQ(second.headers.get("X-Signing-Algo"), "ed25519");
        EXPECT_EQ(second.headers.get("X-Signature").size(), 128U);
        const net::Headers bad{{"X-Proof", "outline"}};
        const Reply third = co_await w.ask("POST", "/v1/chat/completions", bad, kRequest);
        EXPECT_EQ(third.status, 400);
        EXPECT_EQ(third.error_type(), "bad_request");
    }(w));
}

TEST(Inference, RefusalsHaveReceiptsAndDoNotReachTheEngine) {
    World w;
    script(w, kAnswer);
    w.run([](World& w) -> net::Task<void> {
        const Reply unknown = co_await w.post("/v1/chat/completions", R"({"model":"other"})");
        EXPECT_EQ(unknown.status, 404);
        EXPECT_EQ(unknown.error_code(), "model_not_found");
        EXPECT_EQ(unknown.headers.get("x-should-retry"), "false");
        const std::string stored = w.receipt(std::string(unknown.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_of(stored, "request.forwarded"), "");
        EXPECT_EQ(event_of(stored, "lumoz.model"), "");
        EXPECT_NE(stored.find("\"model\":null"), std::string::npos);
        EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(unknown.body));
        const Reply bad = co_await w.post("/v1/chat/completions", "{nope");
        EXPECT_EQ(bad.status, 400);
        EXPECT_EQ(event_hash(w.receipt(std::string(bad.headers.get("X-Receipt-Id"))), "request.received"),
                  sha256_of("{nope"));
        const Reply sessions =
            co_await w.post("/v1/chat/completions",
                            R"({"provider":{"aci_session_ids":[")" + std::string(64, 'a') + R"("]}})");
        EXPECT_EQ(sessions.status, 412);
        EXPECT_EQ(sessions.error_type(), "session_not_accepted");
        EXPECT_EQ(w.last_engine_body, "");
    }(w));
}

TEST(Inference, WhoWantsEncryptedFieldsIsNeverAnsweredInClear) {
    for (const std::string_view name : {"X-Client-Pub-Key", "x-e2ee-version", "X-E2EE-Nonce",
                                        "X-E2EE-Timestamp", "X-Encryption-Version", "X-Encrypt-All-Fields"}) {
        World w;
        script(w, kAnswer);
        w.run([](World& w, std::string_view name) -> net::Task<void> {
            const net::Headers headers{{"Content-Type", "application/json"}, {name, "1"}};
            const Reply reply = co_await w.ask("POST", "/v1/chat/completions", headers, R"({"model":"m"})");
            EXPECT_EQ(reply.status, 400) << name;
            EXPECT_EQ(reply.error_type(), "e2ee_invalid_version") << name;
            EXPECT_EQ(w.last_engine_body, "") << name;
            const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
            EXPECT_EQ(event_of(stored, "request.forwarded"), "") << name;
        }(w, name));
    }
}

TEST(Inference, AciConstraintsAreSplicedOutOfWhatIsForwarded) {
    World w;
    script(w, kAnswer);
    w.run([](World& w) -> net::Task<void> {
        const std::string body = R"({"model":"m", "provider":{"aci_verified":true}})";
        const Reply reply = co_await w.post("/v1/chat/completions", body);
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(w.last_engine_body, R"({"model":"m", "provider":{}})");
        const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_hash(stored, "request.received"), sha256_of(body));
        EXPECT_EQ(event_hash(stored, "request.forwarded"), sha256_of(w.last_engine_body));
    }(w));
}

TEST(Inference, EngineErrorsKeepTheirStatusAndLoseTheirText) {
    World w;
    script(w, R"({"error":{"message":"your prompt MARKER","type":"exceed_context_size_error"}})", 400);
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.body.find("MARKER"), std::string::npos);
        EXPECT_EQ(reply.error_code(), "context_length_exceeded");
        const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(reply.body));
        EXPECT_NE(event_of(stored, "request.forwarded"), "");
    }(w));
}

TEST(Inference, TooLargeABodyIs413) {
    World w({.change = [](Config& c) { c.max_body_bytes = 1'024; }});
    script(w, kAnswer);
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", std::string(1'025, ' '));
        EXPECT_EQ(reply.status, 413);
        EXPECT_EQ(reply.error_type(), "payload_too_large");
        EXPECT_EQ(reply.error_member("message"), "Request body too large. Maximum: 1024 bytes");
        EXPECT_FALSE(reply.headers.find("X-Receipt-Id"));
    }(w));
}

TEST(Inference, UnhealthyStoreForwardsNothing) {
    World w;
    script(w, kAnswer);
    w.store->unhealthy = true;
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_EQ(reply.status, 503);
        EXPECT_EQ(reply.error_code(), "store_unavailable");
        EXPECT_EQ(reply.headers.get("x-should-retry"), "true");
        EXPECT_EQ(w.last_engine_body, "");
        w.store->unhealthy = false;
        const Reply again = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_EQ(again.status, 200);
    }(w));
}

TEST(Inference, NoAnswerWithoutAReceipt) {
    World w;
    script(w, kAnswer);
    w.store->failing = true;
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_EQ(reply.status, 503);
        EXPECT_EQ(reply.error_code(), "store_unavailable");
        EXPECT_FALSE(reply.headers.find("X-Receipt-Id"));
        EXPECT_EQ(reply.body.find("chatcmpl"), std::string::npos);
    }(w));
}

TEST(Inference, ExpiredKeysSignNothing) {
    World w;
    script(w, kAnswer);
    w.clock.time += identity::kKeysetLifetime;
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_EQ(reply.status, 503);
        EXPECT_EQ(reply.error_code(), "keys_expired");
    }(w));
}

TEST(Inference, DeadEngineIs502WithAReceipt) {
    World w;
    w.run([](World& w) -> net::Task<void> {
        w.engine_server.reset();
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        // Which of the two depends on whether the probe noticed first.
        EXPECT_TRUE(reply.error_code() == "engine_down" || reply.error_code() == "engine_not_ready")
            << reply.body;
        EXPECT_EQ(reply.status, reply.error_code() == "engine_down" ? 502 : 503);
        const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_of(stored, "request.forwarded"), "");
    }(w));
}

TEST(Inference, SlowEngineIs504) {
    World w({.change = [](Config& c) { c.engine_first_byte_timeout = std::chrono::milliseconds(100); }});
    w.engine_routes.on("/v1/chat/completions", [&w](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        co_await w.loop.after(std::chrono::milliseconds(600));
        e.abort();
    });
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_EQ(reply.status, 504);
        EXPECT_EQ(reply.error_code(), "engine_timeout");
    }(w));
}

TEST(Inference, GarbageFromTheEngineIs502) {
    const std::vector<std::string> garbage{
        "",
        "hello\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: "
        "2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
        std::string(100'000, 'x'),
    };
    std::size_t next = 0;
    RawEngine engine([&] { return std::vector{garbage[next]}; });
    World w({.engine_url = engine.url()});
    for (next = 0; next < garbage.size(); ++next) {
        w.run([](World& w) -> net::Task<void> {
            const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
            EXPECT_EQ(reply.status, 502) << reply.body;
            EXPECT_EQ(reply.error_type(), "upstream_error");
        }(w));
    }
}

TEST(Inference, ClientGoneAbortsTheEngineAtOnce) {
    World w;
    bool engine_saw = false;
    w.engine_routes.on("/v1/chat/completions", [&](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        e.on_peer_gone([&engine_saw] { engine_saw = true; });
        for (int i = 0; i < 100 && !engine_saw; ++i)
            co_await w.loop.after(std::chrono::milliseconds(20));
        e.abort();
    });
    w.run([](World& w) -> net::Task<void> {
        {
            auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
            (void)co_await raw.send(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
            co_await w.loop.after(std::chrono::milliseconds(100));
            raw.stream.close();
        }
        for (int i = 0; i < 100 && w.gateway->active() != 0; ++i)
            co_await w.loop.after(std::chrono::milliseconds(20));
        EXPECT_EQ(w.gateway->active(), 0U);
        const std::string event = event_of(w.store->last.receipt_json, "lumoz.completeness");
        EXPECT_NE(event.find(R"("cut_by":"client")"), std::string::npos) << event;
        EXPECT_FALSE(w.store->last.signatures);
    }(w));
    EXPECT_TRUE(engine_saw);
}

}  // namespace
}  // namespace lumoz::gateway

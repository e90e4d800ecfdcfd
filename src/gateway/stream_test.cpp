// SPDX-License-Identifier: Apache-2.0
// Streamed answers: chunks leave as they come, the terminal event waits for the receipt, cuts are recorded.
#include "gateway/testing.hpp"

namespace lumoz::gateway {
namespace {

using testing::event_hash;
using testing::event_of;
using testing::RawEngine;
using testing::Reply;
using testing::sha256_of;
using testing::World;

const std::string kRequest = R"({"model":"m","stream":true})";
const std::string kFirst = "data: {\"choices\":[],\"id\":\"chatcmpl-s\"}\n\n";
const std::string kSecond = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"id\":\"chatcmpl-s\"}\n\n";
const std::string kDone = "data: [DONE]\n\n";
const std::string kStream = kFirst + kSecond + kDone;

/// The engine streams these pieces and ends cleanly, or is cut after them.
void answer(World& w, std::vector<std::string> pieces, bool clean = true,
            std::string type = "text/event-stream") {
    testing::script(w, "/v1/chat/completions", std::move(pieces), std::move(type), 200, clean);
}

std::string completeness(const std::string& receipt) {
    return event_of(receipt, "lumoz.completeness");
}

TEST(Stream, BytesAreUntouchedAndSigned) {
    for (const std::string& stream :
         {kStream, std::string("data: 1\r\n\r\ndata: {\"id\":\"chatcmpl-s\"}\r\n\r\ndata: [DONE]\r\n\r\n")}) {
        World w;
        answer(w, {stream.substr(0, 10), stream.substr(10, 30), stream.substr(40)});
        w.run([](World& w, std::string stream) -> net::Task<void> {
            const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
            EXPECT_EQ(reply.status, 200);
            EXPECT_TRUE(reply.clean);
            EXPECT_EQ(reply.body, stream);
            EXPECT_EQ(reply.headers.get("Content-Type"), "text/event-stream");
            EXPECT_EQ(reply.headers.get("Cache-Control"), "no-cache");
            const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
            EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(stream));
            EXPECT_EQ(completeness(stored), "");
            EXPECT_EQ(stored, w.receipt("chatcmpl-s"));
        }(w, stream));
    }
}

TEST(Stream, ChunksLeaveAsTheyCome) {
    World w;
    w.engine_routes.on("/v1/chat/completions", [&w](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "text/event-stream"}};
        (void)e.begin(200, headers, std::nullopt);
        (void)co_await e.write(as_bytes(kFirst));
        co_await w.loop.after(std::chrono::milliseconds(300));
        (void)co_await e.write(as_bytes(kDone));
        (void)co_await e.finish();
    });
    w.run([](World& w) -> net::Task<void> {
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
        const bool first = co_await raw.read_until(w.loop, kFirst);
        EXPECT_TRUE(first);
        EXPECT_EQ(raw.seen.find("[DONE]"), std::string::npos);
        EXPECT_EQ(w.store->appended, 0U);
        const bool done = co_await raw.read_until(w.loop, "data: [DONE]\n\n");
        EXPECT_TRUE(done);
        EXPECT_EQ(w.store->appended, 1U);
    }(w));
}

TEST(Stream, ProofIsOneMoreEventBehindTheSignedBytes) {
    World w;
    answer(w, {kStream});
    w.run([](World& w) -> net::Task<void> {
        const net::Headers headers{{"X-Proof", "inline"}};
        const Reply reply = co_await w.ask("POST", "/v1/chat/completions", headers, kRequest);
        EXPECT_TRUE(reply.body.starts_with(kStream + "event: proof\ndata: {\"text\":\""));
        EXPECT_TRUE(reply.body.ends_with("\"}\n\n"));
        const std::string data = reply.body.substr(kStream.size() + 19);
        const auto proof = json::Document::parse(std::string_view(data).substr(0, data.size() - 2));
        EXPECT_TRUE(proof);
        if (!proof) co_return;
        EXPECT_EQ(proof->root().find("receipt_id")->as_string(), reply.headers.get("X-Receipt-Id"));
        EXPECT_EQ(proof->root().find("text")->as_string(),
                  sha256_of(kRequest).substr(7) + ":" + sha256_of(kStream).substr(7));
        EXPECT_EQ(proof->root().find("signing_algo")->as_string(), "ecdsa");
    }(w));
}

TEST(Stream, ProofIsATrailerForThoseWhoSaySo) {
    World w;
    answer(w, {kStream});
    w.run([](World& w) -> net::Task<void> {
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Proof: inline\r\nTE: trailers\r\n"
            "Connection: TE\r\nContent-Length: 2\r\n\r\n{}");
        const bool ended = co_await raw.read_until(w.loop, "X-Signature-Text: ");
        EXPECT_TRUE(ended);
        EXPECT_NE(raw.seen.find("\r\n0\r\nX-Signature: 0x"), std::string::npos);
        EXPECT_NE(raw.seen.find("Trailer: X-Signature"), std::string::npos);
    }(w));
}

TEST(Stream, LargeJsonWithAProofBecomesAChunkedAnswerWithATrailer) {
    World w({.change = [](Config& c) { c.inline_proof_bytes = 0; }});
    const std::string large = "{\"id\":\"big\",\"x\":\"" + std::string(600'000, 'y') + "\"}";
    w.engine_routes.on("/v1/chat/completions", [&](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "application/json"}};
        (void)co_await e.respond(200, headers, as_bytes(large));
    });
    w.run([](World& w, const std::string& large) -> net::Task<void> {
        const net::Headers with{{"X-Proof", "inline"}};
        const Reply proof = co_await w.ask("POST", "/v1/chat/completions", with, kRequest);
        EXPECT_TRUE(proof.clean);
        EXPECT_EQ(proof.body, large);
        EXPECT_FALSE(proof.headers.find("Content-Length"));
        const Reply plain = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_TRUE(plain.clean);
        EXPECT_EQ(plain.body, large);
        EXPECT_EQ(plain.headers.get("Content-Length"), std::to_string(large.size()));
        EXPECT_EQ(event_hash(w.receipt(std::string(plain.headers.get("X-Receipt-Id"))), "response.returned"),
                  sha256_of(large));
        EXPECT_EQ(w.store->last.response_id, "big");
    }(w, large));
}

TEST(Stream, LastByteOfALargeAnswerWaitsForTheReceipt) {
    World w;
    const std::string large = "{\"x\":\"" + std::string(600'000, 'y') + "\"}";
    answer(w, {}, true);
    w.engine_routes.on("/v1/chat/completions", [&](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "application/json"}};
        (void)co_await e.respond(200, headers, as_bytes(large));
    });
    w.store->failing = true;
    w.run([](World& w, const std::string& large) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_FALSE(reply.clean);
        EXPECT_LT(reply.body.size(), large.size());
    }(w, large));
}

TEST(Stream, CutByTheEngineAtEveryByteIsRecorded) {
    const auto chunk = [](const std::string& text) {
        std::array<char, 16> size{};
        std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
        return size.data() + text + "\r\n";
    };
    const std::string whole =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
        chunk(kFirst) + chunk(kSecond) + chunk(kDone) + "0\r\n\r\n";
    std::size_t cut = 0;
    RawEngine engine([&] { return std::vector{whole.substr(0, cut)}; });
    World w({.engine_url = engine.url()});
    for (cut = 0; cut <= whole.size(); ++cut) {
        w.run([](World& w, bool is_whole) -> net::Task<void> {
            const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
            const std::string stored = w.store->last.receipt_json;
            EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(reply.body));
            if (is_whole) {
                EXPECT_TRUE(reply.clean);
                EXPECT_EQ(reply.body, kStream);
                EXPECT_EQ(completeness(stored), "");
                co_return;
            }
            EXPECT_EQ(reply.body.find("[DONE]"), std::string::npos);
            if (reply.status == 502) {
                EXPECT_EQ(reply.error_code(), "engine_garbage");
                co_return;
            }
            EXPECT_FALSE(reply.clean);
            // Whole events, and then the error as one of its own: what came of the next event is not there.
            const std::size_t error = reply.body.find("data: {\"error\":{");
            EXPECT_TRUE(error != std::string::npos &&
                        std::string_view(kStream).starts_with(reply.body.substr(0, error)));
            EXPECT_TRUE(error == 0 || reply.body.substr(0, error).ends_with("\n\n")) << reply.body;
            const std::string event = completeness(stored);
            EXPECT_NE(event.find(R"("cut_by":"engine")"), std::string::npos) << event;
            EXPECT_NE(event.find("\"bytes\":" + std::to_string(reply.body.size())), std::string::npos)
                << event;
            const std::string id(reply.headers.get("X-Receipt-Id"));
            const Reply signature = co_await w.get("/v1/signature/" + id);
            EXPECT_EQ(signature.status, 404);
            EXPECT_EQ(signature.error_code(), "incomplete");
            EXPECT_EQ(signature.error_member("receipt_id"), id);
        }(w, cut == whole.size()));
        if (HasFailure()) FAIL() << "cut at " << cut << " of " << whole.size();
    }
}

TEST(Stream, EndWithoutTheEndMarkerIsACut) {
    World w;
    answer(w, {kFirst, kSecond});
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_FALSE(reply.clean);
        EXPECT_NE(completeness(w.store->last.receipt_json).find(R"("cut_by":"engine")"), std::string::npos);
    }(w));
}

TEST(Stream, FailingCommitSaysSoInsteadOfTheEndMarker) {
    for (const char* type : {"text/event-stream", "Text/Event-Stream; charset=utf-8"}) {
        World w;
        answer(w, {kStream}, true, type);
        w.store->failing = true;
        w.run([](World& w) -> net::Task<void> {
            const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
            EXPECT_FALSE(reply.clean);
            EXPECT_EQ(reply.body.find("[DONE]"), std::string::npos);
            EXPECT_NE(reply.body.find("\"code\":\"store_unavailable\""), std::string::npos);
        }(w));
    }
}

TEST(Stream, IdleEngineIsCutByTheDeadline) {
    World w({.change = [](Config& c) { c.engine_idle_timeout = std::chrono::milliseconds(100); }});
    w.engine_routes.on("/v1/chat/completions", [&w](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "text/event-stream"}};
        (void)e.begin(200, headers, std::nullopt);
        (void)co_await e.write(as_bytes(kFirst));
        co_await w.loop.after(std::chrono::milliseconds(800));
        e.abort();
    });
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_FALSE(reply.clean);
        EXPECT_NE(reply.body.find("\"code\":\"engine_timeout\""), std::string::npos);
        EXPECT_NE(completeness(w.store->last.receipt_json).find(R"("cut_by":"deadline")"), std::string::npos);
    }(w));
}

TEST(Stream, TotalTimeIsBounded) {
    World w({.change = [](Config& c) { c.engine_total_timeout = std::chrono::milliseconds(200); }});
    w.engine_routes.on("/v1/chat/completions", [&w](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "text/event-stream"}};
        (void)e.begin(200, headers, std::nullopt);
        for (int i = 0; i < 100; ++i) {
            const Status sent = co_await e.write(as_bytes(kFirst));
            if (!sent) co_return;
            co_await w.loop.after(std::chrono::milliseconds(30));
        }
        e.abort();
    });
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_FALSE(reply.clean);
        EXPECT_NE(completeness(w.store->last.receipt_json).find(R"("cut_by":"deadline")"), std::string::npos);
    }(w));
}

TEST(Stream, ShutdownCutsAndRecords) {
    World w;
    w.engine_routes.on("/v1/chat/completions", [&w](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "text/event-stream"}};
        (void)e.begin(200, headers, std::nullopt);
        (void)co_await e.write(as_bytes(kFirst));
        co_await w.loop.after(std::chrono::milliseconds(200));
        w.gateway->cut_all();
        co_await w.loop.after(std::chrono::milliseconds(200));
        e.abort();
    });
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_FALSE(reply.clean);
        EXPECT_NE(completeness(w.store->last.receipt_json).find(R"("cut_by":"shutdown")"), std::string::npos);
    }(w));
}

TEST(Stream, ClientGoneMidStreamAbortsTheEngineAndIsRecorded) {
    World w;
    bool engine_saw = false;
    w.engine_routes.on("/v1/chat/completions", [&](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        e.on_peer_gone([&engine_saw] { engine_saw = true; });
        const net::Headers headers{{"Content-Type", "text/event-stream"}};
        (void)e.begin(200, headers, std::nullopt);
        (void)co_await e.write(as_bytes(kFirst));
        for (int i = 0; i < 100 && !engine_saw; ++i)
            co_await w.loop.after(std::chrono::milliseconds(20));
        e.abort();
    });
    w.run([](World& w) -> net::Task<void> {
        {
            auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
            (void)co_await raw.send(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
            (void)co_await raw.read_until(w.loop, kFirst);
            raw.stream.close();
        }
        for (int i = 0; i < 100 && w.gateway->active() != 0; ++i)
            co_await w.loop.after(std::chrono::milliseconds(20));
        const std::string stored = w.store->last.receipt_json;
        EXPECT_NE(completeness(stored).find(R"("cut_by":"client")"), std::string::npos) << stored;
        EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(kFirst));
    }(w));
    EXPECT_TRUE(engine_saw);
}

TEST(Stream, SlowReaderIsCut) {
    World w({.change = [](Config& c) { c.write_timeout = std::chrono::milliseconds(300); }});
    w.engine_routes.on("/v1/chat/completions", [](net::Exchange& e) -> net::Task<void> {
        (void)co_await e.read_body(1 << 20);
        const net::Headers headers{{"Content-Type", "text/event-stream"}};
        (void)e.begin(200, headers, std::nullopt);
        const std::string event = "data: " + std::string(60'000, 'x') + "\n\n";
        for (int i = 0; i < 2'000; ++i) {
            const Status sent = co_await e.write(as_bytes(event));
            if (!sent) co_return;
        }
        e.abort();
    });
    w.run([](World& w) -> net::Task<void> {
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
        for (int i = 0; i < 200 && w.store->appended == 0; ++i)
            co_await w.loop.after(std::chrono::milliseconds(50));
        EXPECT_NE(completeness(w.store->last.receipt_json).find(R"("cut_by":"client")"), std::string::npos);
    }(w));
}

}  // namespace
}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// Multipart and other bodies that are streamed to the engine.
#include "gateway/testing.hpp"

namespace lumoz::gateway {
namespace {

using testing::event_hash;
using testing::event_of;
using testing::Reply;
using testing::sha256_of;
using testing::World;

const std::string kPath = "/v1/audio/transcriptions";
const std::string kType = "multipart/form-data; boundary=XyZ";

std::string part(const std::string& disposition, const std::string& value) {
    return "--XyZ\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + value + "\r\n";
}
/// A recording of `size` bytes of every value, then (or before it) the model.
std::string form(std::size_t size, const std::string& model = "m", bool model_first = true) {
    std::string sound(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        sound[i] = static_cast<char>(i * 7 + i / 251);
    const std::string file = part("name=\"file\"; filename=\"a.wav\"", sound);
    const std::string field = part("name=\"model\"", model);
    return (model_first ? field + file : file + field) + part("name=\"language\"", "d\xc3\xa9") +
           "--XyZ--\r\n";
}

/// What the engine saw, while it sees it.
struct Seen {
    std::string body;
    std::string head;  ///< Content-Length or `chunked`
    std::string type;
    bool ended = false;
    bool broke = false;
};

void listen(World& w, Seen& seen, const std::string& path = kPath) {
    w.engine_routes.on(path, [&seen](net::Exchange& e) -> net::Task<void> {
        const net::RequestHead& head = e.head();
        seen.head = head.chunked ? "chunked" : std::to_string(head.content_length.value_or(0));
        seen.type = std::string(head.headers.get("Content-Type"));
        while (!seen.ended && !seen.broke) {
            const auto piece = co_await e.read_body_some(1 << 30, e.loop().now() + std::chrono::seconds(20));
            seen.broke = !piece;
            if (piece) seen.body.append(as_text(*piece));
            seen.ended = piece && piece->empty();
        }
        const net::Headers json{{"Content-Type", "application/json"}};
        if (seen.ended) (void)co_await e.respond(200, json, as_bytes(R"({"text":"hi"})"));
    });
}

/// The head of a request with such a body; `fields`: what else it says, each field with its line end.
std::string head(const std::string& fields) {
    return "POST " + kPath + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + kType + "\r\n" + fields + "\r\n";
}
std::string length_field(std::size_t bytes) {
    return "Content-Length: " + std::to_string(bytes) + "\r\n";
}
const std::string kChunked = "Transfer-Encoding: chunked\r\n";

/// One piece of a chunked body.
std::string chunk(const std::string& bytes) {
    std::array<char, 16> size{};
    std::snprintf(size.data(), size.size(), "%zx", bytes.size());
    return std::string(size.data()) + "\r\n" + bytes + "\r\n";
}

/// Waits at most 2 s.
net::Task<void> until(World& w, std::function<bool()> reached) {
    for (int i = 0; i < 200 && !reached(); ++i)
        co_await w.loop.after(std::chrono::milliseconds(10));
}

net::Task<Reply> upload(World& w, std::string path, std::string body, std::string type = kType) {
    const net::Headers headers{{"Content-Type", type}};
    co_return co_await w.ask("POST", std::move(path), headers, std::move(body));
}

TEST(Upload, PassesTheRawBodyAndHashesIt) {
    World w;
    Seen seen;
    listen(w, seen);
    w.run([](World& w, Seen& seen) -> net::Task<void> {
        const std::string body = form(3'000'000);
        const Reply reply = co_await upload(w, kPath, body);
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(reply.body, R"({"text":"hi"})");
        EXPECT_TRUE(seen.body == body);
        EXPECT_EQ(seen.head, std::to_string(body.size()));
        EXPECT_EQ(seen.type, kType);
        const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_hash(stored, "request.received"), sha256_of(body));
        EXPECT_EQ(event_hash(stored, "request.forwarded"), sha256_of(body));
        EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(reply.body));
        EXPECT_NE(event_of(stored, "lumoz.model"), "");
    }(w, seen));
}

TEST(Upload, EveryFormOfBodyTakesTheSameWay) {
    World w;
    Seen seen;
    for (const auto& [page, media] : {std::pair{std::string("/v1/images/edits"), kType},
                                      {std::string("/v1/audio/translations"), kType},
                                      {std::string("/v1/other"), std::string("application/octet-stream")},
                                      {std::string("/v1/other"), std::string("text/plain")}}) {
        seen = {};
        listen(w, seen, page);
        w.run([](World& w, Seen& seen, std::string path, std::string type) -> net::Task<void> {
            // The model stands behind more than is looked at before: the only model answers.
            const std::string body = form(100'000, "m", false);
            const Reply reply = co_await upload(w, path, body, type);
            EXPECT_EQ(reply.status, 200) << path << reply.body;
            EXPECT_TRUE(seen.body == body) << path;
            const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
            EXPECT_EQ(event_hash(stored, "request.received"), sha256_of(body)) << path;
        }(w, seen, page, media));
    }
}

TEST(Upload, ReachesTheEngineWhileItArrives) {
    World w;
    Seen seen;
    listen(w, seen);
    w.run([](World& w, Seen& seen) -> net::Task<void> {
        const std::string body = form(400'000);
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send(head("Connection: close\r\n" + kChunked) + chunk(body.substr(0, 200'000)));
        std::function<bool()> half_there = [&seen] { return seen.body.size() >= 200'000; };
        co_await until(w, std::move(half_there));
        EXPECT_EQ(seen.body.size(), 200'000U);
        EXPECT_FALSE(seen.ended);
        (void)co_await raw.send(chunk(body.substr(200'000)) + "0\r\n\r\n");
        (void)co_await raw.read_to_end(w.loop);
        EXPECT_TRUE(raw.seen.starts_with("HTTP/1.1 200")) << raw.seen.substr(0, 300);
        EXPECT_TRUE(seen.body == body);
        EXPECT_EQ(seen.head, "chunked");
        EXPECT_EQ(event_hash(w.store->last.receipt_json, "request.received"), sha256_of(body));
    }(w, seen));
}

TEST(Upload, RefusalsForwardNothingAndCoverTheBody) {
    World w;
    Seen seen;
    listen(w, seen);
    w.run([](World& w, Seen& seen) -> net::Task<void> {
        struct Case {
            std::string type, body;
            int status;
        };
        const std::string good = form(200'000);
        for (const Case& c : {Case{"multipart/form-data", good, 400},
                              {"multipart/form-data; boundary=", good, 400},
                              {"multipart/form-data; boundary=other", good, 400},
                              {"multipart/form-data; boundary=XyZ; boundary=XyZ", good, 400},
                              {kType, "--XyZ\r\nnothing", 400},
                              {kType, "{}", 400},
                              {"text/plain", "hello", 400},
                              {"application/json", "{nope", 400},
                              {kType, form(200'000, "unknown"), 404}}) {
            const Reply reply = co_await upload(w, kPath, c.body, c.type);
            EXPECT_EQ(reply.status, c.status) << c.type << reply.body;
            if (c.status == 404) EXPECT_EQ(reply.error_code(), "model_not_found");
            const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
            EXPECT_EQ(event_hash(stored, "request.received"), sha256_of(c.body)) << c.type;
            EXPECT_EQ(event_of(stored, "request.forwarded"), "") << c.type;
            EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(reply.body));
        }
        EXPECT_EQ(seen.head, "");
    }(w, seen));
}

TEST(Upload, LimitsAreByKind) {
    World w({.change = [](Config& c) {
        c.max_image_bytes = 2'000;
        c.max_audio_bytes = 4'000;
    }});
    Seen seen;
    for (const char* path : {"/v1/images/edits", "/v1/audio/transcriptions", "/v1/audio/translations"})
        listen(w, seen, path);
    w.run([](World& w) -> net::Task<void> {
        const std::string body = form(3'000);
        const Reply image = co_await upload(w, "/v1/images/edits", body);
        EXPECT_EQ(image.status, 413);
        EXPECT_EQ(image.error_member("message"), "Request body too large. Maximum: 2000 bytes");
        EXPECT_FALSE(image.headers.find("X-Receipt-Id"));
        EXPECT_EQ((co_await upload(w, "/v1/audio/transcriptions", body)).status, 200);
        EXPECT_EQ((co_await upload(w, "/v1/audio/translations", form(5'000))).status, 413);
    }(w));
}

TEST(Upload, AChunkedBodyThatIsTooLongIsCutOff) {
    World w({.change = [](Config& c) { c.max_audio_bytes = 100'000; }});
    Seen seen;
    listen(w, seen);
    w.run([](World& w, Seen& seen) -> net::Task<void> {
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send(head(kChunked) + chunk(form(200'000)));
        (void)co_await raw.read_to_end(w.loop);
        EXPECT_TRUE(raw.seen.starts_with("HTTP/1.1 413")) << raw.seen.substr(0, 300);
        std::function<bool()> broke = [&seen] { return seen.broke; };
        co_await until(w, std::move(broke));
        EXPECT_TRUE(seen.broke);
        EXPECT_LE(seen.body.size(), 100'000U);
        EXPECT_EQ(event_hash(w.store->last.receipt_json, "request.forwarded"), sha256_of(seen.body));
    }(w, seen));
}

TEST(Upload, AClientThatDiesLeavesAnIncompleteReceipt) {
    World w;
    Seen seen;
    listen(w, seen);
    w.run([](World& w, Seen& seen) -> net::Task<void> {
        const std::string half = form(400'000).substr(0, 150'000);
        {
            auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
            (void)co_await raw.send(head(length_field(400'300)) + half);
            std::function<bool()> half_there = [&] { return seen.body.size() >= half.size(); };
            co_await until(w, std::move(half_there));
            EXPECT_EQ(seen.body.size(), half.size());
            raw.stream.close();
        }
        std::function<bool()> over = [&] { return w.gateway->active() == 0 && seen.broke; };
        co_await until(w, std::move(over));
        EXPECT_TRUE(seen.broke);
        EXPECT_FALSE(seen.ended);
        const std::string& stored = w.store->last.receipt_json;
        EXPECT_NE(event_of(stored, "lumoz.completeness").find(R"("cut_by":"client")"), std::string::npos);
        EXPECT_EQ(event_hash(stored, "request.received"), sha256_of(half));
        EXPECT_EQ(event_hash(stored, "request.forwarded"), sha256_of(half));
        EXPECT_FALSE(w.store->last.signatures);
    }(w, seen));
}

TEST(Upload, ABodyThatStopsIs408) {
    World w({.change = [](Config& c) { c.body_timeout = std::chrono::milliseconds(200); }});
    Seen seen;
    listen(w, seen);
    w.run([](World& w, Seen& seen) -> net::Task<void> {
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send(head(length_field(400'300)) + form(400'000).substr(0, 100'000));
        (void)co_await raw.read_to_end(w.loop);
        EXPECT_TRUE(raw.seen.starts_with("HTTP/1.1 408")) << raw.seen.substr(0, 300);
        EXPECT_FALSE(seen.ended);
    }(w, seen));
}

TEST(Upload, AnEngineThatRefusesEarlyIsHeardAndTheHashCoversAll) {
    World w;
    w.engine_routes.on(kPath, [](net::Exchange& e) -> net::Task<void> {
        const net::Headers json{{"Content-Type", "application/json"}};
        (void)co_await e.respond(415, json, as_bytes(R"({"error":{"type":"invalid_request_error"}})"));
    });
    w.run([](World& w) -> net::Task<void> {
        const std::string body = form(5'000'000);
        const Reply reply = co_await upload(w, kPath, body);
        EXPECT_EQ(reply.status, 415) << reply.body;
        EXPECT_EQ(reply.error_member("message"), "The engine refused the request as invalid");
        const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_hash(stored, "request.received"), sha256_of(body));
        EXPECT_NE(event_hash(stored, "request.forwarded"), sha256_of(body));
    }(w));
}

TEST(Upload, ExpectContinueIsAnswered) {
    World w;
    Seen seen;
    listen(w, seen);
    w.run([](World& w, Seen& seen) -> net::Task<void> {
        const std::string body = form(10'000);
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send(
            head("Connection: close\r\nExpect: 100-continue\r\n" + length_field(body.size())));
        EXPECT_TRUE(co_await raw.read_until(w.loop, "100 Continue\r\n\r\n"));
        (void)co_await raw.send(body);
        EXPECT_TRUE(co_await raw.read_until(w.loop, "\r\n\r\n{\"text\":\"hi\"}")) << raw.seen;
        EXPECT_TRUE(seen.body == body);
    }(w, seen));
}

TEST(Upload, TheConnectionGoesOnBehindIt) {
    World w;
    Seen seen;
    listen(w, seen);
    w.run([](World& w) -> net::Task<void> {
        const std::string body = form(100'000);
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send(head(length_field(body.size())) + body +
                                "GET /version HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_TRUE(co_await raw.read_until(w.loop, R"("type":"lumozd"})")) << raw.seen;
    }(w));
}

}  // namespace
}  // namespace lumoz::gateway

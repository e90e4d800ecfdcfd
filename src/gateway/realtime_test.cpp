// SPDX-License-Identifier: Apache-2.0
#include "gateway/realtime.hpp"

#include "gateway/testing.hpp"

#include <sys/socket.h>

namespace lumoz::gateway {
namespace {

using testing::World;

constexpr std::string_view kAgreed =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: realtime\r\nX-Secret: "
    "1\r\n\r\n";
const std::string kHandshake =
    "GET /v1/realtime?model=m HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: "
    "websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.sk-1\r\n";

/// Says `answer` and more to every handshake, then gives back what comes, until the other side ends.
class EchoEngine {
public:
    explicit EchoEngine(std::string answer) : answer_(std::move(answer)), thread_([this] { serve(); }) {}
    ~EchoEngine() {
        listener_.close();
        thread_.join();
    }
    EchoEngine(const EchoEngine&) = delete;
    EchoEngine& operator=(const EchoEngine&) = delete;
    [[nodiscard]] std::string url() const { return listener_.url(); }
    [[nodiscard]] std::string request() {
        const std::scoped_lock lock(mutex_);
        return request_;
    }
    std::atomic<int> ended = 0;

private:
    void serve() {
        for (;;) {
            const int peer = listener_.accept();
            if (peer < 0) return;
            std::array<char, 65'536> buffer{};
            std::string head;
            while (!head.contains("\r\n\r\n")) {
                const ssize_t got = ::recv(peer, buffer.data(), buffer.size(), 0);
                if (got <= 0) break;
                head.append(buffer.data(), static_cast<std::size_t>(got));
            }
            if (head.starts_with("GET /v1/realtime")) {
                {
                    const std::scoped_lock lock(mutex_);
                    request_ = head;
                }
                talk(peer, buffer);
                ++ended;
            } else {
                constexpr std::string_view kOk =
                    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
                (void)::send(peer, kOk.data(), kOk.size(), MSG_NOSIGNAL);
            }
            ::close(peer);
        }
    }
    void talk(int peer, std::array<char, 65'536>& buffer) const {
        (void)::send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL);
        if (!answer_.starts_with("HTTP/1.1 101")) return;
        for (;;) {
            const ssize_t got = ::recv(peer, buffer.data(), buffer.size(), 0);
            if (got <= 0) return;
            if (::send(peer, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) < 0) return;
        }
    }
    std::string answer_;
    testing::Listener listener_;
    std::mutex mutex_;
    std::string request_;
    std::thread thread_;
};

TEST(Realtime, BytesPassBothWaysAndNothingIsSigned) {
    EchoEngine engine(std::string(kAgreed) + "\x81\x02hi");
    World w({.tokens = testing::token_line("alice", "tok"), .engine_url = engine.url()});
    w.run([](World& w, EchoEngine& engine) -> net::Task<void> {
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send(kHandshake + "Authorization: Bearer tok\r\nCookie: c=1\r\n\r\n");
        EXPECT_TRUE(co_await raw.read_until(w.loop, "\x81\x02hi")) << raw.seen;
        EXPECT_TRUE(raw.seen.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << raw.seen;
        EXPECT_TRUE(raw.seen.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        EXPECT_FALSE(raw.seen.contains("X-Secret"));
        EXPECT_FALSE(raw.seen.contains("X-Receipt-Id"));
        const std::string seen = engine.request();
        EXPECT_TRUE(seen.starts_with("GET /v1/realtime?model=m HTTP/1.1\r\n")) << seen;
        EXPECT_TRUE(seen.contains("Upgrade: websocket\r\n") && seen.contains("Connection: Upgrade\r\n"))
            << seen;
        EXPECT_TRUE(seen.contains("Sec-WebSocket-Protocol: realtime\r\n")) << seen;
        for (const char* kept : {"sk-1", "Bearer", "Cookie"})
            EXPECT_FALSE(seen.contains(kept)) << seen;
        for (int i = 0; i < 30; ++i) {
            const std::string end = "END" + std::to_string(i) + ";";
            (void)co_await raw.send(std::string(100'000, 'x') + end);
            EXPECT_TRUE(co_await raw.read_until(w.loop, end)) << i;
        }
        EXPECT_GT(raw.seen.size(), 3'000'000U);
        raw.stream.shutdown_write();
        EXPECT_TRUE(co_await raw.read_to_end(w.loop));
        for (int i = 0; i < 100 && w.gateway->active() != 0; ++i)
            co_await w.loop.after(std::chrono::milliseconds(10));
        EXPECT_EQ(w.gateway->active(), 0U);
        EXPECT_EQ(w.store->appended, 0U);
        const std::string metrics = (co_await w.get("/metrics")).body;
        EXPECT_TRUE(
            metrics.contains("lumoz_http_requests_total{endpoint=\"/v1/realtime\",status=\"101\"} 1\n"));
    }(w, engine));
}

TEST(Realtime, OtherStatusesComeInOurEnvelope) {
    EchoEngine engine(
        "HTTP/1.1 403 No\r\nContent-Length: 35\r\n\r\n{\"error\":{\"message\":\"MARKER prompt\"}}");
    World w({.engine_url = engine.url()});
    w.run([](World& w) -> net::Task<void> {
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send(kHandshake + "\r\n");
        EXPECT_TRUE(co_await raw.read_until(w.loop, "upstream_error")) << raw.seen;
        EXPECT_TRUE(raw.seen.starts_with("HTTP/1.1 403 ")) << raw.seen;
        EXPECT_FALSE(raw.seen.contains("MARKER"));
    }(w));
}

TEST(Realtime, NeedsAHandshakeACredentialAndAModel) {
    EchoEngine engine{std::string(kAgreed)};
    World w({.tokens = testing::token_line("alice", "tok"), .engine_url = engine.url()});
    w.run([](World& w, EchoEngine& engine) -> net::Task<void> {
        EXPECT_EQ((co_await w.get("/v1/realtime?model=m")).status, 401);
        EXPECT_EQ((co_await w.get("/v1/realtime?model=m", "tok")).status, 400);
        std::string other = kHandshake;
        other.replace(other.find("model=m"), 7, "model=o");
        for (const auto& [text, status] :
             {std::pair{other + "Authorization: Bearer tok\r\n\r\n", "404"},
              {kHandshake + "Authorization: Bearer tok\r\nContent-Length: 2\r\n\r\n{}", "400"},
              {kHandshake + "Authorization: Bearer tok\r\nSec-WebSocket-Key: twice\r\n\r\n", "400"}}) {
            auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
            (void)co_await raw.send(text);
            (void)co_await raw.read_until(w.loop, "\r\n\r\n{");
            EXPECT_TRUE(raw.seen.starts_with(std::string("HTTP/1.1 ") + status)) << raw.seen;
        }
        EXPECT_EQ(engine.request(), "");
    }(w, engine));
}

TEST(Realtime, EndsWithEitherSideAndWhenIdle) {
    EchoEngine engine{std::string(kAgreed)};
    World w({.change = [](Config& c) { c.realtime_idle_timeout = std::chrono::milliseconds(300); },
             .engine_url = engine.url()});
    w.run([](World& w, EchoEngine& engine) -> net::Task<void> {
        auto idle = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await idle.send(kHandshake + "\r\n");
        EXPECT_TRUE(co_await idle.read_until(w.loop, "\r\n\r\n"));
        EXPECT_TRUE(co_await idle.read_to_end(w.loop)) << "an idle tunnel stayed";
        {
            auto gone = co_await net::testing::RawClient::open(w.loop, w.port());
            (void)co_await gone.send(kHandshake + "\r\n");
            EXPECT_TRUE(co_await gone.read_until(w.loop, "\r\n\r\n"));
            gone.stream.reset();
        }
        for (int i = 0; i < 100 && (w.gateway->active() != 0 || engine.ended < 2); ++i)
            co_await w.loop.after(std::chrono::milliseconds(10));
        EXPECT_EQ(w.gateway->active(), 0U);
        EXPECT_EQ(engine.ended, 2);
    }(w, engine));
}

TEST(Realtime, ShutdownCutsIt) {
    EchoEngine engine{std::string(kAgreed)};
    World w({.engine_url = engine.url()});
    w.run([](World& w) -> net::Task<void> {
        auto raw = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await raw.send(kHandshake + "\r\n");
        EXPECT_TRUE(co_await raw.read_until(w.loop, "\r\n\r\n"));
        w.gateway->cut_all();
        EXPECT_TRUE(co_await raw.read_to_end(w.loop));
        w.service->draining = true;
        auto late = co_await net::testing::RawClient::open(w.loop, w.port());
        (void)co_await late.send(kHandshake + "\r\n");
        EXPECT_TRUE(co_await late.read_until(w.loop, "draining")) << late.seen;
    }(w));
}

}  // namespace
}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
#include "net/client.hpp"

#include "base/testing.hpp"
#include "net/blocking.hpp"
#include "net/testing.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <filesystem>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace lumoz::net {
namespace {

using namespace std::chrono_literals;

const Headers kNone;

/// A server of raw bytes: for each connection it reads one request head and writes a script.
class Script {
public:
    Script(Loop& owner, std::string answer) : loop(owner), text(std::move(answer)) {
        auto made = Server::listen(loop, {}, {}, unused_);
        EXPECT_TRUE(made);
        port = (*made)->port();
        made->reset();
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        listen();
    }
    ~Script() { ::close(fd_); }
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;

    /// Accepts one connection that is already there, sends the script in pieces of `piece` bytes, and closes.
    Task<void> serve(std::size_t piece) {
        int fd = -1;
        while (fd < 0) {
            fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) co_await testing::turn(loop);
        }
        testing::RawClient peer{Stream(loop, fd), {}, false};
        (void)co_await peer.read_until(loop, "\r\n\r\n");
        seen = peer.seen;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            (void)co_await peer.send(text.substr(at, piece));
            if (piece < text.size()) co_await testing::turn(loop);
        }
        if (!hold) peer.stream.shutdown_write();
        (void)co_await peer.read_to_end(loop, hold ? 1h : 5s);
    }
    [[nodiscard]] Url url() const {
        Url out;
        out.host = "127.0.0.1";
        out.port = port;
        return out;
    }

    Loop& loop;
    std::string text;
    std::string seen;
    std::uint16_t port = 0;
    bool hold = false;

private:
    void listen() const {
        const int on = 1;
        (void)::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ASSERT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ASSERT_EQ(::listen(fd_, 64), 0);
    }
    testing::Routes unused_;
    int fd_ = -1;
};

/// What a request against a script ends with: the body, or the error's rule.
Task<void> fetch(Script& script, ClientOptions options, std::size_t piece, std::string& out) {
    script.loop.spawn(script.serve(piece));
    Client client(script.loop, script.url(), options);
    const auto answer = co_await client.send("GET", "/x", kNone, {});
    if (!answer) {
        out = answer.error().rule;
        co_return;
    }
    const auto body = co_await (*answer)->read_all(1000);
    out = body ? std::string(as_text(*body)) : std::string(body.error().rule);
}

std::string outcome(std::string answer, std::size_t piece = 100'000, ClientOptions options = {},
                    bool hold = false) {
    Loop loop;
    Script script(loop, std::move(answer));
    script.hold = hold;
    std::string out;
    testing::run(loop, fetch(script, options, piece, out));
    return out;
}

const std::string kCounted = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const std::string kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nT: 1\r\n\r\n";

TEST(Client, ReadsAnAnswerInAnyPieces) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{10'000}}) {
        EXPECT_EQ(outcome(kCounted, piece), "hello") << piece;
        EXPECT_EQ(outcome(kChunked, piece), "hello") << piece;
    }
    EXPECT_EQ(outcome("HTTP/1.0 200 OK\r\n\r\nhello"), "hello");
    EXPECT_EQ(outcome("HTTP/1.1 103 Early\r\nA: b\r\n\r\n" + kCounted), "hello");
    EXPECT_EQ(outcome("HTTP/1.1 204 No\r\n\r\n"), "");
    EXPECT_EQ(outcome("HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n"), "");
}

TEST(Client, SeesEachCutOfAnAnswer) {
    for (const std::string& whole : {kCounted, kChunked}) {
        for (std::size_t cut = 0; cut < whole.size(); ++cut) {
            EXPECT_EQ(outcome(whole.substr(0, cut)), "E_NET_CLOSED") << cut << " of " << whole;
        }
    }
}

TEST(Client, RefusesMalformedAnswers) {
    EXPECT_EQ(outcome("garbage\r\n\r\n"), "E_HTTP_RESPONSE");
    EXPECT_EQ(outcome("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"), "E_HTTP_RESPONSE");
    EXPECT_EQ(outcome("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
              "E_HTTP_FRAMING");
    EXPECT_EQ(outcome("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), "E_HTTP_CHUNK");
    EXPECT_EQ(outcome("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxyz"), "E_HTTP_ENCODING");
    EXPECT_EQ(outcome("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n"),
              "E_HTTP_HEAD_TOO_LARGE");
    EXPECT_EQ(outcome("HTTP/1.1 101 Switching\r\n\r\n"), "E_HTTP_RESPONSE");
    EXPECT_EQ(outcome("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"), "E_HTTP_BODY_TOO_LARGE");
    std::string interim;
    for (int i = 0; i < 20; ++i) {
        interim += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    EXPECT_EQ(outcome(interim), "E_HTTP_RESPONSE");
}

TEST(Client, DoesNotWaitForEver) {
    const ClientOptions options{.head_timeout = 100ms, .read_timeout = 100ms};
    EXPECT_EQ(outcome("", 100, options, true), "E_NET_TIMEOUT");
    EXPECT_EQ(outcome("HTTP/1.1 200", 100, options, true), "E_NET_TIMEOUT");
    EXPECT_EQ(outcome("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 100, options, true),
              "E_NET_TIMEOUT");
}

TEST(Client, RefusesToSendHeadersThatBreakOut) {
    Loop loop;
    auto task = [](Loop& l) -> Task<void> {
        Client client(l, *parse_url("http://127.0.0.1:1"), {});
        const Headers bad{{"A", "b\r\nC: d"}};
        const auto header = co_await client.send("GET", "/", bad, {});
        EXPECT_EQ(header.error().rule, "E_HTTP_HEADER");
        const auto target = co_await client.send("GET", "/a b", kNone, {});
        EXPECT_EQ(target.error().rule, "E_HTTP_HEADER");
        const auto refused = co_await client.send("GET", "/", kNone, {});
        EXPECT_EQ(refused.error().rule, "E_NET_REFUSED");
        Client nowhere(l, *parse_url("unix:/nonexistent/x.sock"), {});
        const auto missing = co_await nowhere.send("GET", "/", kNone, {});
        EXPECT_EQ(missing.error().rule, "E_NET_REFUSED");
    };
    testing::run(loop, task(loop));
}

class Pool : public ::testing::Test {
public:
    Pool() {
        routes.on("/echo", [](Exchange& exchange) -> Task<void> {
            const auto body = co_await exchange.read_body(1 << 20);
            if (!body) co_return;
            const Bytes copy = to_bytes(*body);
            (void)co_await exchange.respond(200, kNone, copy);
        });
        routes.on("/stream", [this](Exchange& exchange) -> Task<void> {
            exchange.on_peer_gone([this] { gone = true; });
            (void)exchange.begin(200, kNone, std::nullopt);
            (void)co_await exchange.write(as_bytes("data: 1\n\n"));
            co_await exchange.loop().after(300ms);
            (void)co_await exchange.finish(as_bytes("data: 2\n\n"));
        });
        routes.on("/never", [this](Exchange& exchange) -> Task<void> {
            exchange.on_peer_gone([this] { gone = true; });
            co_await exchange.loop().after(1s);
            exchange.abort();
        });
        routes.on("/prefix/echo", [](Exchange& exchange) -> Task<void> {
            (void)co_await exchange.respond(200, kNone, as_bytes(exchange.head().headers.get("host")));
        });
        auto made = Server::listen(loop, {}, Limits{.idle_timeout = 200ms}, routes);
        EXPECT_TRUE(made);
        server = std::move(*made);
        url.host = "127.0.0.1";
        url.port = server->port();
    }
    Loop loop;
    testing::Routes routes;
    std::unique_ptr<Server> server;
    Url url;
    bool gone = false;
};

Task<std::string> post(Client& client, std::string target, std::string body) {
    const auto answer = co_await client.send("POST", std::move(target), kNone, as_bytes(body));
    if (!answer) co_return std::string(answer.error().rule);
    const auto all = co_await (*answer)->read_all(1 << 20);
    co_return all ? std::string(as_text(*all)) : std::string(all.error().rule);
}

TEST_F(Pool, ReusesConnectionsAndDropsThoseThatTheServerClosed) {
    auto task = [](Pool& t) -> Task<void> {
        Client client(t.loop, t.url, ClientOptions{.pool_size = 4});
        for (int i = 0; i < 20; ++i) {
            EXPECT_EQ(co_await post(client, "/echo", "body" + std::to_string(i)), "body" + std::to_string(i));
        }
        EXPECT_EQ(t.server->stats().accepted.load(), 1U);
        EXPECT_EQ(client.idle_connections(), 1U);
        co_await t.loop.after(400ms);
        EXPECT_EQ(client.idle_connections(), 0U);
        EXPECT_EQ(co_await post(client, "/echo", "again"), "again");
        EXPECT_EQ(t.server->stats().accepted.load(), 2U);
    };
    testing::run(loop, task(*this));
}

TEST_F(Pool, ARequestThatMeetsAClosingConnectionIsSentOnceMore) {
    int calls = 0;
    bool always = false;
    routes.on("/drop", [&](Exchange& exchange) -> Task<void> {
        if (++calls % 2 == 0 || always) {
            exchange.abort();
        } else {
            (void)co_await exchange.respond(200, kNone, as_bytes("ok"));
        }
    });
    auto task = [](Pool& t, int& count, bool& drop) -> Task<void> {
        Client client(t.loop, t.url, ClientOptions{.pool_size = 4});
        EXPECT_EQ(co_await post(client, "/drop", ""), "ok");
        EXPECT_EQ(co_await post(client, "/drop", ""), "ok") << "the second call was dropped, the third not";
        EXPECT_EQ(count, 3);
        drop = true;
        EXPECT_EQ(co_await post(client, "/drop", ""), "E_NET_CLOSED");
        EXPECT_EQ(count, 5) << "once more, not for ever";
        EXPECT_EQ(co_await post(client, "/drop", ""), "E_NET_CLOSED");
        EXPECT_EQ(count, 6) << "a fresh connection is no reason to try again";
    };
    testing::run(loop, task(*this, calls, always));
}

TEST_F(Pool, ClosesIdleConnectionsItself) {
    auto task = [](Pool& t) -> Task<void> {
        Client client(t.loop, t.url, ClientOptions{.pool_idle = 50ms, .pool_size = 4});
        EXPECT_EQ(co_await post(client, "/echo", "x"), "x");
        EXPECT_EQ(client.idle_connections(), 1U);
        co_await t.loop.after(150ms);
        EXPECT_EQ(client.idle_connections(), 0U);
    };
    testing::run(loop, task(*this));
}

TEST_F(Pool, OpensOneConnectionPerRequestWithoutPool) {
    auto task = [](Pool& t) -> Task<void> {
        Client client(t.loop, t.url, {});
        for (int i = 0; i < 5; ++i) {
            EXPECT_EQ(co_await post(client, "/echo", "x"), "x");
        }
        EXPECT_EQ(t.server->stats().accepted.load(), 5U);
        t.url.prefix = "/prefix";
        Client prefixed(t.loop, t.url, {});
        EXPECT_EQ(co_await post(prefixed, "/echo", "x"), "127.0.0.1:" + std::to_string(t.url.port));
    };
    testing::run(loop, task(*this));
}

TEST_F(Pool, CancelsAStreamAndTheServerSeesIt) {
    auto task = [](Pool& t) -> Task<void> {
        Client client(t.loop, t.url, ClientOptions{.pool_size = 4});
        const auto answer = co_await client.send("GET", "/stream", kNone, {});
        EXPECT_TRUE(answer);
        if (!answer) co_return;
        const auto first = co_await (*answer)->read_some();
        EXPECT_EQ(as_text(*first), "data: 1\n\n");
        t.loop.post([&answer] { (*answer)->cancel(); });
        const auto second = co_await (*answer)->read_some();
        EXPECT_FALSE(second);
        if (!second) EXPECT_EQ(second.error().rule, "E_NET_CLOSED");
        for (int i = 0; i < 20 && !t.gone; ++i) {
            co_await t.loop.after(10ms);
        }
        EXPECT_TRUE(t.gone);
        EXPECT_EQ(client.idle_connections(), 0U);
    };
    testing::run(loop, task(*this));
}

TEST_F(Pool, CancelsBeforeTheHeadIsThere) {
    auto task = [](Pool& t) -> Task<void> {
        Client client(t.loop, t.url, {});
        CancelToken token;
        auto later = [](Pool& pool, CancelToken& cancel) -> Task<void> {
            co_await pool.loop.after(50ms);
            cancel.cancel();
        };
        t.loop.spawn(later(t, token));
        const auto answer = co_await client.send("GET", "/never", kNone, {}, &token);
        EXPECT_FALSE(answer);
        if (!answer) EXPECT_EQ(answer.error().rule, "E_NET_CLOSED");
        for (int i = 0; i < 20 && !t.gone; ++i) {
            co_await t.loop.after(10ms);
        }
        EXPECT_TRUE(t.gone);
        const auto after = co_await client.send("GET", "/echo", kNone, {}, &token);
        EXPECT_FALSE(after);
    };
    testing::run(loop, task(*this));
}

TEST_F(Pool, MovesLargeBodiesBothWays) {
    auto task = [](Pool& t) -> Task<void> {
        Client client(t.loop, t.url, ClientOptions{.pool_size = 1});
        std::string body(1 << 20, 'x');
        for (std::size_t i = 0; i < body.size(); i += 37) {
            body[i] = static_cast<char>('a' + i % 26);
        }
        const std::string back = co_await post(client, "/echo", body);
        EXPECT_TRUE(back == body);
    };
    testing::run(loop, task(*this));
}

TEST(UnixServer, ServesOnASocketAndRemovesIt) {
    const lumoz::testing::ScratchFolder folder;
    const std::string path = (folder.path() / "s.sock").string();
    Loop loop;
    testing::Routes routes;
    routes.on("/peer", [](Exchange& exchange) -> Task<void> {
        const std::string peer = exchange.peer();
        (void)co_await exchange.respond(200, kNone, as_bytes(peer));
    });
    ListenOptions options;
    options.unix_path = path;
    auto server = Server::listen(loop, options, {}, routes);
    ASSERT_TRUE(server);
    auto task = [](Loop& l, std::string socket) -> Task<void> {
        Client client(l, *parse_url("unix:" + socket), {});
        EXPECT_EQ(co_await post(client, "/peer", ""), "unix");
    };
    testing::run(loop, task(loop, path));
    EXPECT_TRUE(std::filesystem::exists(path));
    server->reset();
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Blocking, AnAnswerThatDripsHasAnEnd) {
    Loop loop;
    testing::Routes routes;
    routes.on("/drip", [](Exchange& exchange) -> Task<void> {
        (void)exchange.begin(200, kNone, std::nullopt);
        for (int i = 0; i < 60 && co_await exchange.write(as_bytes("x")); ++i)
            co_await exchange.loop().after(50ms);
    });
    const auto server = Server::listen(loop, {}, {}, routes);
    ASSERT_TRUE(server);
    std::thread thread([&loop] { loop.run(); });
    const auto url = parse_url("http://localhost:" + std::to_string((*server)->port()));
    const BlockingOptions options{.client = {.read_timeout = 1s}, .total = 200ms};
    const auto begin = std::chrono::steady_clock::now();
    const auto dripped = http_get(*url, "/drip", kNone, options);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    ASSERT_FALSE(dripped);
    EXPECT_EQ(dripped.error().rule, "E_NET_TIMEOUT");
    loop.stop();
    thread.join();
}

TEST(Blocking, GetsPostsAndStreams) {
    Loop loop;
    testing::Routes routes;
    routes.on("/sse", [](Exchange& exchange) -> Task<void> {
        (void)exchange.begin(200, kNone, std::nullopt);
        for (int i = 0; i < 3; ++i) {
            (void)co_await exchange.write(as_bytes("x"));
            co_await exchange.loop().after(60ms);
        }
        (void)co_await exchange.finish();
    });
    const auto server = Server::listen(loop, {}, {}, routes);
    ASSERT_TRUE(server);
    std::thread thread([&loop] { loop.run(); });
    const auto url = parse_url("http://localhost:" + std::to_string((*server)->port()));
    const BlockingOptions options;
    const auto missing = http_get(*url, "/nothing", kNone, options);
    ASSERT_TRUE(missing) << missing.error().rule;
    EXPECT_EQ(missing->head.status, 404);
    EXPECT_EQ(as_text(missing->body), "no such path");
    int pieces = 0;
    const auto streamed = http_stream(
        *url, "GET", "/sse", kNone, {}, options, [](const ResponseHead& head) { return head.status == 200; },
        [&pieces](ByteView) { return ++pieces > 0; });
    EXPECT_TRUE(streamed);
    EXPECT_EQ(pieces, 3);
    const auto stopped = http_stream(
        *url, "GET", "/sse", kNone, {}, options, [](const ResponseHead&) { return true; },
        [](ByteView) { return false; });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().rule, "E_NET_CANCELLED");
    loop.stop();
    thread.join();
}

}  // namespace
}  // namespace lumoz::net

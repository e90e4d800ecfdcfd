// SPDX-License-Identifier: Apache-2.0
#include "net/server.hpp"

#include "net/one_shot.hpp"
#include "net/testing.hpp"

#include <gtest/gtest.h>

namespace lumoz::net {
namespace {

using testing::RawClient;
using namespace std::chrono_literals;

const Headers kNone;

Task<void> echo(Exchange& exchange) {
    const auto body = co_await exchange.read_body(1000);
    if (!body) {
        const int status = body.error().code == Errc::Limit     ? 413
                           : body.error().code == Errc::Timeout ? 408
                                                                : 400;
        (void)co_await exchange.respond(status, kNone, as_bytes(body.error().rule));
        co_return;
    }
    const Bytes copy = to_bytes(*body);
    (void)co_await exchange.respond(200, kNone, copy);
}

Task<void> chunks(Exchange& exchange) {
    EXPECT_TRUE(exchange.begin(200, kNone, std::nullopt));
    for (const std::string_view piece : {"one", "two"}) {
        (void)co_await exchange.write(as_bytes(piece));
    }
    const Headers trailers{{"X-Trailer", "t"}};
    (void)co_await exchange.finish(as_bytes("three"), &trailers);
}

class ServerTest : public ::testing::Test {
public:
    ServerTest() {
        routes.on("/echo", echo);
        routes.on("/chunks", chunks);
    }
    void listen(Limits limits = {}) {
        auto made = Server::listen(loop, ListenOptions{}, limits, routes);
        ASSERT_TRUE(made);
        server = std::move(*made);
    }
    Loop loop;
    testing::Routes routes;
    std::unique_ptr<Server> server;
};

TEST_F(ServerTest, KeepsTheConnectionAndAnswersInOrderWhenPipelined) {
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        std::string requests;
        for (const std::string_view body : {"aa", "bb", "cc"}) {
            requests += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n" + std::string(body);
        }
        requests += "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        EXPECT_TRUE(co_await client.send(requests));
        EXPECT_TRUE(co_await client.read_to_end(t.loop));
        const std::size_t a = client.seen.find("\r\n\r\naa");
        const std::size_t b = client.seen.find("\r\n\r\nbb");
        const std::size_t c = client.seen.find("\r\n\r\ncc");
        EXPECT_LT(a, b);
        EXPECT_LT(b, c);
        EXPECT_NE(c, std::string::npos);
        EXPECT_TRUE(client.seen.contains("Connection: close"));
        EXPECT_EQ(t.server->stats().requests.load(), 4U);
        EXPECT_EQ(t.server->stats().accepted.load(), 1U);
    };
    testing::run(loop, task(*this));
}

TEST_F(ServerTest, TakesARequestCutAtEveryByte) {
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        const std::string request =
            "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: "
            "close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        for (std::size_t cut = 1; cut < request.size(); ++cut) {
            RawClient client = co_await RawClient::open(t.loop, t.server->port());
            EXPECT_TRUE(co_await client.send(request.substr(0, cut)));
            co_await testing::turn(t.loop);
            EXPECT_TRUE(co_await client.send(request.substr(cut)));
            EXPECT_TRUE(co_await client.read_to_end(t.loop));
            EXPECT_TRUE(client.seen.ends_with("\r\n\r\nabc")) << cut << client.seen;
        }
    };
    testing::run(loop, task(*this));
}

TEST_F(ServerTest, SendsChunksAndTrailersOrEndsWithTheConnectionForOldClients) {
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await client.send("GET /chunks HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_TRUE(co_await client.read_until(t.loop, "X-Trailer: t\r\n\r\n"));
        EXPECT_TRUE(client.seen.contains(
            "Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n"));
        RawClient old = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await old.send("GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
        EXPECT_TRUE(co_await old.read_to_end(t.loop));
        EXPECT_TRUE(old.seen.ends_with("\r\n\r\nonetwothree")) << old.seen;
        EXPECT_FALSE(old.seen.contains("chunked"));
        EXPECT_TRUE(old.seen.contains("Connection: close"));
    };
    testing::run(loop, task(*this));
}

TEST_F(ServerTest, KeepsAliveForOldClientsThatAsk) {
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        for (int i = 0; i < 2; ++i) {
            client.seen.clear();
            EXPECT_TRUE(co_await client.send(
                "POST /echo HTTP/1.0\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi"));
            EXPECT_TRUE(co_await client.read_until(t.loop, "\r\n\r\nhi"));
            EXPECT_TRUE(client.seen.contains("Connection: keep-alive"));
        }
    };
    testing::run(loop, task(*this));
}

TEST_F(ServerTest, AnswersHeadAnd204WithoutBody) {
    routes.on("/empty",
              [](Exchange& exchange) -> Task<void> { (void)co_await exchange.respond(204, kNone, {}); });
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await client.send(
            "HEAD /nothing HTTP/1.1\r\nHost: x\r\n\r\nHEAD /chunks HTTP/1.1\r\nHost: x\r\n\r\n"
            "GET /empty HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        EXPECT_TRUE(co_await client.read_to_end(t.loop));
        EXPECT_TRUE(client.seen.contains("Content-Length: 12\r\n\r\nHTTP/1.1 200")) << client.seen;
        EXPECT_TRUE(client.seen.contains("chunked\r\n\r\nHTTP/1.1 204")) << client.seen;
        EXPECT_TRUE(client.seen.ends_with("Connection: close\r\n\r\n"));
        EXPECT_FALSE(client.seen.contains("Content-Length: 0"));
    };
    testing::run(loop, task(*this));
}

TEST_F(ServerTest, ContinuesWhenAsked) {
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await client.send(
            "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
        EXPECT_TRUE(co_await client.read_until(t.loop, "100 Continue\r\n\r\n"));
        EXPECT_TRUE(co_await client.send("ok"));
        EXPECT_TRUE(co_await client.read_until(t.loop, "\r\n\r\nok"));
    };
    testing::run(loop, task(*this));
}

TEST_F(ServerTest, RefusesBodiesOverTheLimitAndStillDeliversTheAnswer) {
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"));
        EXPECT_TRUE(co_await client.send(std::string(100'000, 'x')));
        EXPECT_TRUE(co_await client.read_until(t.loop, "E_HTTP_BODY_TOO_LARGE"));
        EXPECT_TRUE(client.seen.starts_with("HTTP/1.1 413")) << client.seen;
        EXPECT_TRUE(client.seen.contains("Connection: close"));
        RawClient chunked = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await chunked.send(
            "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
            std::string(1001, 'x') + "\r\n0\r\n\r\n"));
        EXPECT_TRUE(co_await chunked.read_until(t.loop, "E_HTTP_BODY_TOO_LARGE"));
    };
    testing::run(loop, task(*this));
}

TEST_F(ServerTest, AnswersMalformedAndOversizedHeadsItself) {
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        struct Case {
            std::string request;
            std::string status;
        };
        const std::vector<Case> cases = {
            {"GET / HTTP/1.1\nHost: x\n\n", "HTTP/1.1 400"},
            {"nonsense\r\n\r\n", "HTTP/1.1 400"},
            {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", "HTTP/1.1 505"},
            {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501"},
            {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(33'000, 'a') + "\r\n\r\n", "HTTP/1.1 431"},
            {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
             "HTTP/1.1 400"},
        };
        for (const Case& c : cases) {
            RawClient client = co_await RawClient::open(t.loop, t.server->port());
            (void)co_await client.send(c.request);
            EXPECT_TRUE(co_await client.read_to_end(t.loop));
            EXPECT_TRUE(client.seen.starts_with(c.status)) << c.status << " " << client.seen;
            EXPECT_TRUE(client.seen.contains(R"({"error":)"));
        }
        EXPECT_EQ(t.server->stats().bad_requests.load(), cases.size());
    };
    testing::run(loop, task(*this));
}

TEST_F(ServerTest, EndsSlowHeadsWith408AndIdleConnectionsSilently) {
    listen(Limits{.head_timeout = 150ms, .idle_timeout = 300ms});
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient slow = co_await RawClient::open(t.loop, t.server->port());
        RawClient idle = co_await RawClient::open(t.loop, t.server->port());
        for (int i = 0; i < 20 && slow.stream.is_open(); ++i) {
            if (!co_await slow.send("G")) break;
            if (co_await slow.read_until(t.loop, "HTTP/1.1 408", 50ms)) break;
        }
        EXPECT_TRUE(slow.seen.starts_with("HTTP/1.1 408")) << slow.seen;
        EXPECT_TRUE(co_await idle.read_to_end(t.loop));
        EXPECT_EQ(idle.seen, "");
        EXPECT_EQ(t.server->stats().timeouts.load(), 1U);
    };
    testing::run(loop, task(*this));
}

TEST_F(ServerTest, EndsSlowBodies) {
    listen(Limits{.body_timeout = 150ms});
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient slow = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await slow.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"));
        EXPECT_TRUE(co_await slow.read_until(t.loop, "E_NET_TIMEOUT"));
        EXPECT_TRUE(slow.seen.starts_with("HTTP/1.1 408")) << slow.seen;
    };
    testing::run(loop, task(*this));
}

TEST_F(ServerTest, GivesUpOnASlowReader) {
    Status last;
    routes.on("/flood", [&last](Exchange& exchange) -> Task<void> {
        EXPECT_TRUE(exchange.begin(200, kNone, std::nullopt));
        const Bytes piece(1 << 20, 'x');
        while (last) {
            last = co_await exchange.write(piece);
        }
    });
    listen(Limits{.write_timeout = 200ms});
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await client.send("GET /flood HTTP/1.1\r\nHost: x\r\n\r\n"));
        while (t.server->stats().slow_readers.load() == 0) {
            co_await t.loop.after(50ms);
        }
    };
    testing::run(loop, task(*this));
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error().rule, "E_NET_TIMEOUT");
}

TEST_F(ServerTest, HoldsAnswersToTheirLength) {
    routes.on("/short", [](Exchange& exchange) -> Task<void> {
        EXPECT_TRUE(exchange.begin(200, kNone, 10));
        (void)co_await exchange.write(as_bytes("abc"));
        const Status done = co_await exchange.finish();
        EXPECT_FALSE(done);
        if (!done) EXPECT_EQ(done.error().rule, "E_HTTP_LENGTH");
    });
    routes.on("/never", [](Exchange&) -> Task<void> { co_return; });
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await client.send("GET /short HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_TRUE(co_await client.read_to_end(t.loop));
        EXPECT_TRUE(client.seen.ends_with("\r\n\r\nabc"));
        RawClient never = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await never.send("GET /never HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_TRUE(co_await never.read_to_end(t.loop));
        EXPECT_TRUE(never.seen.starts_with("HTTP/1.1 500"));
    };
    testing::run(loop, task(*this));
}

/// A handler that waits, as one does for an engine, until the client is gone or the test lets it go on.
struct Waiting {
    explicit Waiting(Loop& loop) : signal(loop) {}
    Signal signal;
    bool gone = false;
    Task<void> handle(Exchange& exchange) {
        (void)co_await exchange.read_body(100);
        exchange.on_peer_gone([this] {
            gone = true;
            signal.fire();
        });
        co_await signal.wait();
        (void)co_await exchange.respond(200, kNone, as_bytes("waited"));
    }
};

TEST_F(ServerTest, TellsAWaitingHandlerThatTheClientIsGone) {
    Waiting waiting(loop);
    routes.on("/wait", [&](Exchange& exchange) { return waiting.handle(exchange); });
    listen();
    auto task = [](ServerTest& t, Waiting& w) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await client.send("POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"));
        co_await t.loop.after(50ms);
        EXPECT_FALSE(w.gone);
        client.stream.close();
        for (int i = 0; i < 40 && !w.gone; ++i) {
            co_await t.loop.after(10ms);
        }
        EXPECT_TRUE(w.gone);
        EXPECT_EQ(t.server->stats().peer_gone.load(), 1U);
    };
    testing::run(loop, task(*this, waiting));
}

TEST_F(ServerTest, KeepsPipelinedBytesWhileItWatchesAndSeesTheEndBehindThem) {
    Waiting waiting(loop);
    routes.on("/wait", [&](Exchange& exchange) { return waiting.handle(exchange); });
    listen();
    auto task = [](ServerTest& t, Waiting& w) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
        co_await t.loop.after(50ms);
        EXPECT_TRUE(co_await client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nnext"));
        co_await t.loop.after(100ms);
        EXPECT_FALSE(w.gone);
        t.loop.post([&w] { w.signal.fire(); });
        EXPECT_TRUE(co_await client.read_until(t.loop, "\r\n\r\nnext"));
        EXPECT_TRUE(client.seen.contains("\r\n\r\nwaited"));
        client.seen.clear();
        EXPECT_TRUE(co_await client.send(
            "GET /wait HTTP/1.1\r\nHost: x\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
        co_await t.loop.after(50ms);
        client.stream.close();
        for (int i = 0; i < 40 && !w.gone; ++i) {
            co_await t.loop.after(10ms);
        }
        EXPECT_TRUE(w.gone);
    };
    testing::run(loop, task(*this, waiting));
}

TEST_F(ServerTest, BoundsWhatItReadsAhead) {
    Waiting waiting(loop);
    routes.on("/wait", [&](Exchange& exchange) { return waiting.handle(exchange); });
    listen(Limits{.read_ahead = 4096});
    auto task = [](ServerTest& t, Waiting& w) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
        co_await t.loop.after(20ms);
        std::string many;
        for (int i = 0; i < 500; ++i) {
            many += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n" + std::to_string(1000 + i);
        }
        many += "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        EXPECT_TRUE(co_await client.send(many));
        co_await t.loop.after(50ms);
        EXPECT_FALSE(w.gone);
        t.loop.post([&w] { w.signal.fire(); });
        EXPECT_TRUE(co_await client.read_to_end(t.loop));
        EXPECT_TRUE(client.seen.contains("\r\n\r\n1000"));
        EXPECT_TRUE(client.seen.contains("\r\n\r\n1499"));
        EXPECT_EQ(t.server->stats().requests.load(), 502U);
    };
    testing::run(loop, task(*this, waiting));
}

TEST_F(ServerTest, DrainsIdleAtOnceAndRunningExchangesToTheirEnd) {
    Waiting waiting(loop);
    routes.on("/wait", [&](Exchange& exchange) { return waiting.handle(exchange); });
    listen();
    auto task = [](ServerTest& t, Waiting& w) -> Task<void> {
        RawClient idle = co_await RawClient::open(t.loop, t.server->port());
        RawClient busy = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await busy.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
        co_await t.loop.after(50ms);
        const std::uint16_t port = t.server->port();
        bool drained = false;
        auto drain = [](ServerTest& test, bool& done) -> Task<void> {
            done = co_await test.server->drain(5s);
        };
        t.loop.spawn(drain(t, drained));
        EXPECT_TRUE(co_await idle.read_to_end(t.loop));
        const auto late = co_await Stream::connect(t.loop, Endpoint{"127.0.0.1", port}, t.loop.now() + 1s);
        EXPECT_FALSE(late);
        if (!late) EXPECT_EQ(late.error().rule, "E_NET_REFUSED");
        EXPECT_FALSE(drained);
        t.loop.post([&w] { w.signal.fire(); });
        EXPECT_TRUE(co_await busy.read_to_end(t.loop));
        EXPECT_TRUE(busy.seen.contains("Connection: close\r\n\r\nwaited")) << busy.seen;
        co_await t.loop.after(200ms);
        EXPECT_TRUE(drained);
    };
    testing::run(loop, task(*this, waiting));
}

TEST_F(ServerTest, CutsWhatDoesNotEndInTimeWhileDraining) {
    Waiting waiting(loop);
    routes.on("/wait", [&](Exchange& exchange) { return waiting.handle(exchange); });
    listen();
    auto task = [](ServerTest& t, Waiting& w) -> Task<void> {
        RawClient busy = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await busy.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
        co_await t.loop.after(50ms);
        EXPECT_FALSE(co_await t.server->drain(150ms));
        EXPECT_TRUE(w.gone);
        EXPECT_TRUE(co_await busy.read_to_end(t.loop));
    };
    testing::run(loop, task(*this, waiting));
}

TEST_F(ServerTest, TellsNobodyWhoseExchangeHasEnded) {
    bool told = false;
    routes.on("/late", [&told](Exchange& exchange) -> Task<void> {
        Signal first(exchange.loop());
        exchange.on_peer_gone([&first] { first.fire(); });
        co_await first.wait();
        EXPECT_TRUE(exchange.peer_gone());
        // The client is gone already; the handler ends before the loop could say so again.
        exchange.on_peer_gone([&told] { told = true; });
        exchange.abort();
    });
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await client.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
        co_await t.loop.after(50ms);
        client.stream.close();
        co_await t.loop.after(100ms);
        EXPECT_EQ(t.server->stats().open.load(), 0);
    };
    testing::run(loop, task(*this));
    EXPECT_FALSE(told);
}

TEST_F(ServerTest, CutsManyHandlersAtOnce) {
    std::vector<std::unique_ptr<Waiting>> waiting;
    routes.on("/wait", [&](Exchange& exchange) {
        waiting.push_back(std::make_unique<Waiting>(loop));
        return waiting.back()->handle(exchange);
    });
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        std::vector<RawClient> clients;
        for (int i = 0; i < 8; ++i) {
            clients.push_back(co_await RawClient::open(t.loop, t.server->port()));
            EXPECT_TRUE(co_await clients.back().send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
        }
        co_await t.loop.after(50ms);
        EXPECT_FALSE(co_await t.server->drain(60ms));
        for (RawClient& client : clients) {
            EXPECT_TRUE(co_await client.read_to_end(t.loop));
        }
        EXPECT_EQ(t.server->stats().open.load(), 0);
    };
    testing::run(loop, task(*this));
    EXPECT_EQ(waiting.size(), 8U);
}

TEST_F(ServerTest, AnswersTooManyConnectionsWith503) {
    listen(Limits{.max_connections = 1});
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient first = co_await RawClient::open(t.loop, t.server->port());
        co_await t.loop.after(10ms);
        RawClient second = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await second.read_to_end(t.loop));
        EXPECT_TRUE(second.seen.starts_with("HTTP/1.1 503")) << second.seen;
        EXPECT_TRUE(co_await first.send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_TRUE(co_await first.read_until(t.loop, "HTTP/1.1 200"));
        EXPECT_EQ(t.server->stats().refused.load(), 1U);
    };
    testing::run(loop, task(*this));
}

TEST_F(ServerTest, IgnoresOneEmptyLineBeforeARequest) {
    listen();
    auto task = [](ServerTest& t) -> Task<void> {
        RawClient client = co_await RawClient::open(t.loop, t.server->port());
        EXPECT_TRUE(co_await client.send("\r\nGET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_TRUE(co_await client.read_until(t.loop, "HTTP/1.1 200"));
        EXPECT_TRUE(co_await client.send("\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_TRUE(co_await client.read_until(t.loop, "HTTP/1.1 400"));
    };
    testing::run(loop, task(*this));
}

TEST(Server, RefusesAnAddressThatIsTaken) {
    Loop loop;
    testing::Routes routes;
    const auto first = Server::listen(loop, ListenOptions{}, {}, routes);
    ASSERT_TRUE(first);
    const auto second = Server::listen(loop, ListenOptions{.port = (*first)->port()}, {}, routes);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().rule, "E_NET_LISTEN");
}

TEST(Server, LeavesNothingBehindWhenTheLoopEndsInTheMiddle) {
    testing::Routes routes;
    auto loop = std::make_unique<Loop>();
    Waiting waiting(*loop);
    routes.on("/wait", [&](Exchange& exchange) { return waiting.handle(exchange); });
    auto server = Server::listen(*loop, ListenOptions{}, {}, routes);
    ASSERT_TRUE(server);
    auto task = [](Loop& l, std::uint16_t port) -> Task<void> {
        RawClient client = co_await RawClient::open(l, port);
        (void)co_await client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
        co_await l.after(50ms);
        l.stop();
        co_await l.after(1h);
    };
    loop->spawn(task(*loop, (*server)->port()));
    loop->run();
    loop.reset();
}

}  // namespace
}  // namespace lumoz::net

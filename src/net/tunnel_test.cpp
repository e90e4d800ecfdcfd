// SPDX-License-Identifier: Apache-2.0
#include "net/tunnel.hpp"

#include "net/testing.hpp"

#include <array>
#include <sys/socket.h>

namespace lumoz::net {
namespace {

using namespace std::chrono_literals;

struct Pair {
    explicit Pair(Loop& loop) : Pair(loop, ends()) {}
    Stream inner;  ///< the tunnel's
    testing::RawClient outer;

private:
    Pair(Loop& loop, std::array<int, 2> fds) : inner(loop, fds[0]), outer{Stream(loop, fds[1]), {}, false} {}
    static std::array<int, 2> ends() {
        std::array<int, 2> fds{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()) != 0)
            std::abort();
        return fds;
    }
};

class TunnelTest : public ::testing::Test {
public:
    /// Runs the tunnel while `sides` plays both of its ends.
    TunnelResult run(TunnelLimits limits, Task<void> sides) {
        auto both = [](TunnelTest& t, TunnelLimits given, Task<void> playing) -> Task<void> {
            t.loop.spawn(std::move(playing));
            t.result = co_await run_tunnel(t.loop, t.first.inner, as_bytes("early "), t.second.inner,
                                           as_bytes("hello "), given);
            t.over = true;
            // The sides see the end of the tunnel as the ends of its streams.
            t.first.inner.close();
            t.second.inner.close();
            for (int i = 0; i < 100 && !t.played; ++i)
                co_await t.loop.after(10ms);
        };
        testing::run(loop, both(*this, limits, std::move(sides)));
        EXPECT_TRUE(played);
        return result;
    }
    Loop loop;
    Pair first{loop};
    Pair second{loop};
    TunnelResult result;
    bool over = false;
    bool played = false;
};

TEST_F(TunnelTest, PassesWhatWasReadAlreadyAndThenTheRestBothWays) {
    auto sides = [](TunnelTest& t) -> Task<void> {
        EXPECT_TRUE(co_await t.first.outer.send("ask"));
        EXPECT_TRUE(co_await t.second.outer.read_until(t.loop, "early ask"));
        EXPECT_TRUE(co_await t.second.outer.send("answer"));
        EXPECT_TRUE(co_await t.first.outer.read_until(t.loop, "hello answer"));
        // One direction ends, the other goes on.
        t.first.outer.stream.shutdown_write();
        EXPECT_TRUE(co_await t.second.outer.read_to_end(t.loop));
        EXPECT_FALSE(t.over);
        EXPECT_TRUE(co_await t.second.outer.send("!"));
        EXPECT_TRUE(co_await t.first.outer.read_until(t.loop, "answer!"));
        t.second.outer.stream.shutdown_write();
        EXPECT_TRUE(co_await t.first.outer.read_to_end(t.loop));
        t.played = true;
    };
    const TunnelResult got = run({}, sides(*this));
    EXPECT_EQ(got.end, TunnelEnd::Closed);
    EXPECT_EQ(got.from_first, 9U);
    EXPECT_EQ(got.from_second, 13U);
}

Task<void> first_keeps_sending(TunnelTest& t) {
    const std::string piece(std::size_t{64} << 10, 'x');
    for (bool taken = true; taken;)
        taken = co_await t.first.outer.send(piece);
    t.played = true;
}

TEST_F(TunnelTest, EndsWhenOneSideTakesNothing) {
    const TunnelResult got = run({.write = 100ms}, first_keeps_sending(*this));
    EXPECT_EQ(got.end, TunnelEnd::Stuck);
    EXPECT_GT(got.from_first, 6U);
}

TEST_F(TunnelTest, HasAnEndHoweverMuchPasses) {
    auto reader = [](TunnelTest& t) -> Task<void> { (void)co_await t.second.outer.read_to_end(t.loop); };
    loop.spawn(reader(*this));
    EXPECT_EQ(run({.total = 100ms}, first_keeps_sending(*this)).end, TunnelEnd::Total);
}

TEST_F(TunnelTest, ASilentSideIsNotWaitedForLongOnceTheOtherHasEnded) {
    auto sides = [](TunnelTest& t) -> Task<void> {
        t.first.outer.stream.shutdown_write();
        (void)co_await t.second.outer.read_to_end(t.loop);
        (void)co_await t.first.outer.read_to_end(t.loop);
        t.played = true;
    };
    EXPECT_EQ(run({.half = 100ms}, sides(*this)).end, TunnelEnd::Idle);
}

/// An answer with 101 whose stream leads nowhere.
class Upgraded final : public ClientExchange {
public:
    explicit Upgraded(Loop& loop) : pair_(loop) {}
    [[nodiscard]] const ResponseHead& head() const override { return head_; }
    [[nodiscard]] std::optional<std::uint64_t> content_length() const override { return std::nullopt; }
    Task<Result<ByteView>> read_some() override { co_return ByteView(); }
    Task<Result<Bytes>> read_all(std::size_t) override { co_return Bytes(); }
    void cancel() override {}
    [[nodiscard]] Stream* upgraded() override { return &pair_.inner; }
    [[nodiscard]] ByteView upgraded_pending() const override { return {}; }
    [[nodiscard]] std::optional<Digest256> peer_spki() const override { return std::nullopt; }

private:
    Pair pair_;
    ResponseHead head_;
};

TEST(Tunnel, ABodyThatWasNotReadDoesNotPass) {
    Loop loop;
    testing::Routes routes;
    std::string rule;
    routes.on("/up", [&rule](Exchange& exchange) -> Task<void> {
        Upgraded far(exchange.loop());
        const Headers headers{{"Upgrade", "websocket"}};
        const auto passed = co_await exchange.tunnel(headers, far, {});
        rule = passed ? "passed" : std::string(passed.error().rule);
        (void)co_await exchange.respond(400, headers, {});
    });
    auto server = Server::listen(loop, {}, {}, routes);
    ASSERT_TRUE(server);
    auto task = [](Loop& l, std::uint16_t port) -> Task<void> {
        auto client = co_await testing::RawClient::open(l, port);
        EXPECT_TRUE(co_await client.send("GET /up HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"));
        EXPECT_TRUE(co_await client.read_until(l, "400 Bad Request"));
    };
    testing::run(loop, task(loop, (*server)->port()));
    EXPECT_EQ(rule, "E_HTTP_ANSWER");
}

}  // namespace
}  // namespace lumoz::net

// SPDX-License-Identifier: Apache-2.0
#include "net/loop.hpp"

#include "net/one_shot.hpp"
#include "net/testing.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace lumoz::net {
namespace {

using namespace std::chrono_literals;

TEST(Loop, SleepsAtLeastAsLongAsAsked) {
    Loop loop;
    auto task = [](Loop& l) -> Task<void> {
        for (const auto wanted : {0ms, 1ms, 60ms, 130ms}) {
            const TimePoint before = l.now();
            co_await l.after(wanted);
            EXPECT_GE(l.now() - before, wanted);
        }
    };
    testing::run(loop, task(loop));
}

class Counting final : public Deadline {
public:
    using Deadline::Deadline;
    int fired = 0;

private:
    void expired() override { ++fired; }
};

TEST(Deadline, FiresOnceAtItsLastSetting) {
    Loop loop;
    auto task = [](Loop& l) -> Task<void> {
        Counting moved(l);
        Counting cleared(l);
        Counting earlier(l);
        moved.set(l.now() + 10ms);
        moved.set(l.now() + 300ms);
        cleared.set(l.now() + 10ms);
        cleared.clear();
        earlier.set(l.now() + 1h);
        earlier.set(l.now() + 10ms);
        co_await l.after(150ms);
        EXPECT_EQ(moved.fired, 0);
        EXPECT_EQ(cleared.fired, 0);
        EXPECT_EQ(earlier.fired, 1);
        co_await l.after(250ms);
        EXPECT_EQ(moved.fired, 1);
        EXPECT_EQ(cleared.fired, 0);
        Counting destroyed(l);
        destroyed.set(l.now());
    };
    testing::run(loop, task(loop));
}

TEST(OneShot, BringsValuesFromOtherThreads) {
    Loop loop;
    auto task = [](Loop& l) -> Task<void> {
        for (int i = 0; i < 200; ++i) {
            OneShot<int> value(l);
            std::thread setter([&value, i] {
                if (i % 2 == 0) std::this_thread::yield();
                value.set(i);
            });
            EXPECT_EQ(co_await value.wait(), i);
            setter.join();
        }
    };
    testing::run(loop, task(loop));
}

TEST(OneShot, BringsAValueThatWasThereBefore) {
    Loop loop;
    auto task = [](Loop& l) -> Task<void> {
        OneShot<std::unique_ptr<int>> value(l);
        value.set(std::make_unique<int>(4));
        EXPECT_EQ(*co_await value.wait(), 4);
    };
    testing::run(loop, task(loop));
}

TEST(Loop, TakesPostsFromManyThreads) {
    Loop loop;
    int count = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) {
                loop.post([&] {
                    if (++count == 4000) loop.stop();
                });
            }
        });
    }
    loop.run();
    EXPECT_EQ(count, 4000);
    for (std::thread& thread : threads) {
        thread.join();
    }
}

TEST(Loop, WritesTheDateOfHttp) {
    Loop loop;
    EXPECT_EQ(loop.http_date().size(), 29U);
    EXPECT_TRUE(loop.http_date().ends_with(" GMT"));
}

TEST(Loop, ServesOnePortFromSeveralThreads) {
    testing::Routes routes;
    routes.on("/x", [](Exchange& exchange) -> Task<void> {
        const Headers none;
        (void)co_await exchange.respond(200, none, as_bytes("ok"));
    });
    std::array<Loop, 2> loops;
    std::vector<std::unique_ptr<Server>> servers;
    std::uint16_t port = 0;
    for (Loop& loop : loops) {
        ListenOptions options;
        options.port = port;
        options.reuse_port = true;
        auto server = Server::listen(loop, options, {}, routes);
        ASSERT_TRUE(server);
        port = (*server)->port();
        servers.push_back(std::move(*server));
    }
    std::vector<std::thread> threads;
    for (Loop& loop : loops) {
        threads.emplace_back([&loop] { loop.run(); });
    }
    Loop client_loop;
    auto task = [](Loop& l, std::uint16_t to) -> Task<void> {
        Url url;
        url.host = "127.0.0.1";
        url.port = to;
        Client client(l, url, {});
        const Headers none;
        for (int i = 0; i < 40; ++i) {
            const auto answer = co_await client.send("GET", "/x", none, {});
            EXPECT_TRUE(answer);
        }
    };
    testing::run(client_loop, task(client_loop, port));
    EXPECT_EQ(servers[0]->stats().requests.load() + servers[1]->stats().requests.load(), 40U);
    EXPECT_GT(servers[0]->stats().requests.load(), 0U);
    EXPECT_GT(servers[1]->stats().requests.load(), 0U);
    for (std::size_t i = 0; i < loops.size(); ++i) {
        loops[i].stop();
        threads[i].join();
    }
}

}  // namespace
}  // namespace lumoz::net

// SPDX-License-Identifier: Apache-2.0
// What the tests of net/, engine/ and gateway/ share: running a task on a loop with a watchdog, a handler
// made of functions, and a client of raw bytes.
#pragma once

#include "net/client.hpp"
#include "net/one_shot.hpp"
#include "net/server.hpp"
#include "net/stream.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace lumoz::net::testing {

inline Task<void> then_stop(Loop& loop, Task<void> task, bool& done) {
    co_await std::move(task);
    done = true;
    loop.stop();
}
inline Task<void> stop_after(Loop& loop, Duration limit) {
    co_await loop.after(limit);
    loop.stop();
}

/// Runs the loop until the task has ended; a task that takes longer than `limit` fails the test.
inline void run(Loop& loop, Task<void> task, Duration limit = std::chrono::seconds(30)) {
    bool done = false;
    loop.spawn(then_stop(loop, std::move(task), done));
    loop.spawn(stop_after(loop, limit));
    loop.run();
    EXPECT_TRUE(done) << "the task did not end in time";
}

/// Lets everything that is ready run, without a timer.
inline Task<void> turn(Loop& loop, int turns = 4) {
    for (int i = 0; i < turns; ++i) {
        Signal signal(loop);
        loop.post([&signal] { signal.fire(); });
        co_await signal.wait();
    }
}

/// Handlers by path.
class Routes final : public Handler {
public:
    using Fn = std::function<Task<void>(Exchange&)>;
    void on(std::string path, Fn fn) { routes_[std::move(path)] = std::move(fn); }
    Task<void> handle(Exchange& exchange) override {
        const auto route = routes_.find(std::string(exchange.head().path()));
        if (route == routes_.end()) {
            const Headers none;
            (void)co_await exchange.respond(404, none, as_bytes("no such path"));
            co_return;
        }
        co_await route->second(exchange);
    }
    [[nodiscard]] std::string error_body(int status) const override {
        return R"({"error":{"code":)" + std::to_string(status) + "}}";
    }

private:
    std::map<std::string, Fn> routes_;
};

/// Sends text and reads until `until` is contained, or the end of the stream.
struct RawClient {
    Stream stream;
    std::string seen;
    bool ended = false;

    static Task<RawClient> open(Loop& loop, std::uint16_t port) {
        auto stream =
            co_await Stream::connect(loop, Endpoint{"127.0.0.1", port}, loop.now() + std::chrono::seconds(5));
        EXPECT_TRUE(stream) << (stream ? "" : stream.error().rule);
        co_return RawClient{std::move(*stream), {}, false};
    }
    Task<bool> send(std::string text) {
        const ByteView part = as_bytes(text);
        const Status sent = co_await stream.write(std::span(&part, 1), std::chrono::seconds(5));
        co_return sent.has_value();
    }
    Task<bool> read_until(Loop& loop, std::string until, Duration limit = std::chrono::seconds(5)) {
        std::array<std::uint8_t, 4096> buffer{};
        const TimePoint deadline = loop.now() + limit;
        while (!seen.contains(until)) {
            const auto got = co_await stream.read_some(buffer, deadline);
            if (!got || *got == 0) {
                ended = !got ? got.error().code == Errc::Closed : true;
                co_return false;
            }
            seen.append(as_text(ByteView(buffer).first(*got)));
        }
        co_return true;
    }
    /// Everything until the end of the stream; true when the end came.
    Task<bool> read_to_end(Loop& loop, Duration limit = std::chrono::seconds(5)) {
        (void)co_await read_until(loop, std::string("\x01never\x01"), limit);
        co_return ended;
    }
};

}  // namespace lumoz::net::testing

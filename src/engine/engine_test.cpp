// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.hpp"

#include "engine/supervised_engine.hpp"
#include "engine/url_engine.hpp"
#include "net/testing.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace lumoz::engine {
namespace {
namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// False also for a zombie: nothing of it runs any more.
bool is_alive(pid_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string stat((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const std::size_t end = stat.rfind(')');
    return end != std::string::npos && end + 2 < stat.size() && stat[end + 2] != 'Z' && stat[end + 2] != 'X';
}

bool ends_soon(pid_t pid) {
    for (int i = 0; i < 300 && is_alive(pid); ++i) {
        std::this_thread::sleep_for(10ms);
    }
    return !is_alive(pid);
}

net::Task<void> fetch(Engine& engine, net::Loop& loop, std::string target, net::Headers headers,
                      Result<Bytes>& out) {
    const auto answer = co_await engine.send(loop, "GET", std::move(target), headers, {}, nullptr);
    if (!answer) {
        out = std::unexpected(answer.error());
        co_return;
    }
    out = co_await (*answer)->read_all(100'000);
}

Result<Bytes> get(Engine& engine, std::string target, const net::Headers& headers = {}) {
    net::Loop loop;
    Result<Bytes> out;
    net::testing::run(loop, fetch(engine, loop, std::move(target), headers, out));
    return out;
}

class Supervised : public ::testing::Test {
public:
    Supervised() {
        std::string name = (fs::temp_directory_path() / "lumoz-engine-XXXXXX").string();
        dir = ::mkdtemp(name.data());
        std::ofstream(dir / "model.gguf") << "GGUF";
    }
    ~Supervised() override { fs::remove_all(dir); }
    [[nodiscard]] SupervisedOptions options(std::string alias) const {
        return {.binary = LUMOZ_FAKE_ENGINE,
                .model_path = (dir / "model.gguf").string(),
                .alias = std::move(alias),
                .run_dir = dir.string(),
                .stop_timeout = 300ms,
                .backoff_min = 50ms,
                .backoff_max = 400ms};
    }
    fs::path dir;
};

TEST_F(Supervised, StartsAnswersAndStops) {
    auto engine = SupervisedEngine::create(options("m"));
    ASSERT_TRUE(engine);
    const auto early = get(**engine, "/x");
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().rule, "E_ENGINE_UNAVAILABLE");
    ASSERT_TRUE((*engine)->wait_ready(10s));
    EXPECT_TRUE(get(**engine, "/x"));
    struct stat found{};
    ASSERT_EQ(::stat((dir / "engine").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0700U);
    const pid_t pid = (*engine)->pid();
    EXPECT_NE(pid, 0);
    EXPECT_EQ(::getpgid(pid), pid);
    (*engine)->stop();
    EXPECT_FALSE(is_alive(pid));
    EXPECT_FALSE(fs::exists((*engine)->socket_path()));
}

TEST_F(Supervised, GivesTheEngineAllowedHeadersOnly) {
    auto engine = SupervisedEngine::create(options("m"));
    ASSERT_TRUE(engine);
    ASSERT_TRUE((*engine)->wait_ready(10s));
    const net::Headers headers{
        {"Authorization", "Bearer secret"},   {"X-Conversation-Id", "c"},  {"Cookie", "a=b"},
        {"content-type", "application/json"}, {"Accept-Encoding", "gzip"}, {"traceparent", "t"}};
    const auto seen = get(**engine, "/headers", headers);
    ASSERT_TRUE(seen);
    EXPECT_EQ(as_text(*seen),
              "Host=localhost\ncontent-type=application/"
              "json\ntraceparent=t\nAccept-Encoding=identity\nConnection=close\n");
}

TEST_F(Supervised, StartsAgainWhenTheEngineDies) {
    auto engine = SupervisedEngine::create(options("m"));
    ASSERT_TRUE(engine);
    ASSERT_TRUE((*engine)->wait_ready(10s));
    const pid_t first = (*engine)->pid();
    const auto died = get(**engine, "/die");
    ASSERT_FALSE(died);
    EXPECT_EQ(died.error().rule, "E_NET_CLOSED");
    while ((*engine)->pid() == first) {
        (*engine)->step();
    }
    EXPECT_FALSE((*engine)->ready());
    ASSERT_TRUE((*engine)->wait_ready(10s));
    EXPECT_NE((*engine)->pid(), first);
    EXPECT_EQ((*engine)->restarts(), 1U);
    EXPECT_TRUE(get(**engine, "/x"));
}

TEST_F(Supervised, BacksOffWhenTheEngineCannotStart) {
    auto engine = SupervisedEngine::create(options("broken"));
    ASSERT_TRUE(engine);
    const Status ready = (*engine)->wait_ready(1500ms);
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().rule, "E_ENGINE_START");
    EXPECT_EQ(ready.error().detail, "last wait status " + std::to_string(5 << 8));
    EXPECT_GE((*engine)->restarts(), 3U);
    EXPECT_LE((*engine)->restarts(), 12U);
}

TEST_F(Supervised, KillsAnEngineThatDoesNotBecomeHealthyInTime) {
    SupervisedOptions given = options("mute");
    given.start_timeout = 200ms;
    auto engine = SupervisedEngine::create(given);
    ASSERT_TRUE(engine);
    EXPECT_FALSE((*engine)->wait_ready(1000ms));
    EXPECT_GE((*engine)->restarts(), 1U);
}

TEST_F(Supervised, CountsOutputAndKeepsNothing) {
    auto engine = SupervisedEngine::create(options("noisy"));
    ASSERT_TRUE(engine);
    ASSERT_TRUE((*engine)->wait_ready(10s));
    EXPECT_EQ((*engine)->output_bytes(), std::uint64_t{1} << 20);
}

TEST_F(Supervised, KillsAStubbornEngine) {
    auto engine = SupervisedEngine::create(options("stubborn"));
    ASSERT_TRUE(engine);
    ASSERT_TRUE((*engine)->wait_ready(10s));
    const pid_t pid = (*engine)->pid();
    (*engine)->stop();
    EXPECT_FALSE(is_alive(pid));
}

TEST_F(Supervised, StopsWithoutBeingWaitedForAndStaysSo) {
    for (const char* alias : {"m", "stubborn"}) {
        auto engine = SupervisedEngine::create(options(alias));
        ASSERT_TRUE(engine);
        ASSERT_TRUE((*engine)->wait_ready(10s));
        EXPECT_FALSE((*engine)->starting());
        const pid_t pid = (*engine)->pid();
        EXPECT_FALSE((*engine)->stopped());
        (*engine)->begin_stop();
        EXPECT_FALSE((*engine)->ready());
        for (int i = 0; i < 500 && !(*engine)->stopped(); ++i) {
            (*engine)->step();
            std::this_thread::sleep_for(10ms);
        }
        EXPECT_TRUE((*engine)->stopped()) << alias;
        EXPECT_FALSE(is_alive(pid));
        for (int i = 0; i < 50; ++i) {
            (*engine)->step();
            std::this_thread::sleep_for(10ms);
        }
        EXPECT_EQ((*engine)->pid(), 0);
        EXPECT_EQ((*engine)->restarts(), 0U);
        EXPECT_FALSE(get(**engine, "/x"));
    }
}

TEST_F(Supervised, SeveralHaveFoldersOfTheirOwn) {
    std::vector<std::unique_ptr<SupervisedEngine>> engines;
    for (const char* name : {"engine-0", "engine-1"}) {
        SupervisedOptions given = options(name);
        given.socket_dir = name;
        auto engine = SupervisedEngine::create(given);
        ASSERT_TRUE(engine);
        ASSERT_TRUE((*engine)->wait_ready(10s));
        EXPECT_EQ((*engine)->socket_path(), (dir / name / "llama.sock").string());
        engines.push_back(std::move(*engine));
    }
    engines[0]->stop();
    EXPECT_FALSE(fs::exists(dir / "engine-0"));
    EXPECT_TRUE(get(*engines[1], "/x"));
}

TEST_F(Supervised, EndsAnEngineThatNeverStopsWriting) {
    auto engine = SupervisedEngine::create(options("endless"));
    ASSERT_TRUE(engine);
    ASSERT_TRUE((*engine)->wait_ready(10s));
    const pid_t pid = (*engine)->pid();
    const auto begin = std::chrono::steady_clock::now();
    (*engine)->stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    EXPECT_FALSE(is_alive(pid));
}

TEST_F(Supervised, RemovesAStaleSocketFirst) {
    fs::create_directory(dir / "engine");
    std::ofstream(dir / "engine" / "llama.sock") << "stale";
    auto engine = SupervisedEngine::create(options("m"));
    ASSERT_TRUE(engine);
    EXPECT_TRUE((*engine)->wait_ready(10s));
}

TEST_F(Supervised, DiesWithItsParentOnSigkill) {
    for (const char* alias : {"m", "stubborn"}) {
        int pipe_fds[2];
        ASSERT_EQ(::pipe(pipe_fds), 0);
        const pid_t parent = ::fork();
        ASSERT_GE(parent, 0);
        if (parent == 0) {
            auto engine = SupervisedEngine::create(options(alias));
            if (!engine || !(*engine)->wait_ready(10s)) ::_exit(1);
            const pid_t pid = (*engine)->pid();
            (void)!::write(pipe_fds[1], &pid, sizeof pid);
            for (;;) {
                (*engine)->step();
                std::this_thread::sleep_for(10ms);
            }
        }
        ::close(pipe_fds[1]);
        pid_t child = 0;
        ASSERT_EQ(::read(pipe_fds[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
        ::close(pipe_fds[0]);
        EXPECT_TRUE(is_alive(child));
        ASSERT_EQ(::kill(parent, SIGKILL), 0);
        ASSERT_EQ(::waitpid(parent, nullptr, 0), parent);
        EXPECT_TRUE(ends_soon(child)) << alias;
    }
}

TEST_F(Supervised, RefusesWhatIsNotThere) {
    SupervisedOptions no_binary = options("m");
    no_binary.binary = "/nothing/here";
    const auto first = SupervisedEngine::create(no_binary);
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().rule, "E_ENGINE_BINARY");
    SupervisedOptions no_model = options("m");
    no_model.model_path = "/nothing/here";
    const auto second = SupervisedEngine::create(no_model);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().rule, "E_ENGINE_MODEL");
    std::ofstream(dir / "engine") << "a file";
    const auto third = SupervisedEngine::create(options("m"));
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().rule, "E_ENGINE_RUN_DIR");
}

TEST(UrlEngine, ProbesHealthThenModels) {
    net::Loop loop;
    net::testing::Routes routes;
    int status = 404;
    routes.on("/health", [&status](net::Exchange& exchange) -> net::Task<void> {
        const net::Headers none;
        (void)co_await exchange.respond(status, none, {});
    });
    routes.on("/v1/models", [](net::Exchange& exchange) -> net::Task<void> {
        const bool known = exchange.head().headers.get("authorization") == "Bearer t";
        const net::Headers none;
        (void)co_await exchange.respond(known ? 200 : 401, none, {});
    });
    const auto server = net::Server::listen(loop, {}, {}, routes);
    ASSERT_TRUE(server);
    net::Url url;
    url.host = "127.0.0.1";
    url.port = (*server)->port();
    UrlEngine engine({.url = url, .bearer_token = "t", .probe_interval = 50ms});
    UrlEngine stranger({.url = url});
    EXPECT_EQ(engine.name(), "http://127.0.0.1:" + std::to_string(url.port));
    auto task = [](net::Loop& l, UrlEngine& known, UrlEngine& unknown, int& health) -> net::Task<void> {
        EXPECT_TRUE(co_await known.probe(l));
        EXPECT_FALSE(co_await unknown.probe(l));
        health = 200;
        EXPECT_TRUE(co_await unknown.probe(l));
        EXPECT_FALSE(known.ready());
        l.spawn(known.probe_forever(l));
        co_await l.after(50ms);
        EXPECT_TRUE(known.ready());
        health = 503;
        for (int i = 0; i < 40 && known.ready(); ++i) {
            co_await l.after(50ms);
        }
        EXPECT_FALSE(known.ready());
    };
    net::testing::run(loop, task(loop, engine, stranger, status));
}

TEST(UrlEngine, RetiresWhileItsLoopsRun) {
    net::Loop loop;
    net::testing::Routes routes;
    routes.on("/health", [](net::Exchange& exchange) -> net::Task<void> {
        const net::Headers none;
        (void)co_await exchange.respond(200, none, {});
    });
    const auto server = net::Server::listen(loop, {}, {}, routes);
    ASSERT_TRUE(server);
    net::Url url;
    url.host = "127.0.0.1";
    url.port = (*server)->port();
    std::thread thread([&loop] { loop.run(); });
    for (int round = 0; round < 3; ++round) {
        UrlEngine engine({.url = url, .client = {.pool_size = 4}, .probe_interval = 60s});
        EXPECT_TRUE(engine.starting());
        EXPECT_FALSE(engine.retired());
        engine.start_probing(loop);
        // The second one is retired before it was probed at all.
        while (round != 1 && engine.starting())
            std::this_thread::yield();
        // It keeps a connection of this loop's client open.
        std::atomic<bool> answered{false};
        loop.post([&] {
            loop.spawn([](UrlEngine& e, net::Loop& l, std::atomic<bool>& done) -> net::Task<void> {
                const net::Headers none;
                const auto answer = co_await e.send(l, "GET", "/health", none, {}, nullptr);
                EXPECT_TRUE(answer);
                if (answer) (void)co_await (*answer)->read_all(100);
                done = true;
            }(engine, loop, answered));
        });
        while (!answered)
            std::this_thread::yield();
        engine.retire();
        while (!engine.retired())
            std::this_thread::sleep_for(5ms);
        EXPECT_FALSE(engine.ready());
    }
    loop.stop();
    thread.join();
}

}  // namespace
}  // namespace lumoz::engine

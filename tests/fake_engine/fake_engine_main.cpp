// SPDX-License-Identifier: Apache-2.0
// lumoz-fake-engine: an engine whose answers are known beforehand, for integration tests and vectors. It says
// `{"event":"listening","address":…}` on stderr for each listener and ends on SIGTERM.
#include "base/log.hpp"
#include "engine.hpp"
#include "garbage.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <thread>
#include <unistd.h>

namespace {

using namespace lumoz;

struct Options {
    std::string unix_path;
    std::string address;  ///< host:port
    std::string garbage_path;
    unsigned threads = 1;
    std::int64_t interval_us = 0;
    std::int64_t delay_ms = 0;
    bool remember = true;
    fake_engine::Script script;
};

struct Thread {
    net::Loop loop;
    std::unique_ptr<fake_engine::FakeEngine> engine;
    std::vector<std::unique_ptr<net::Server>> servers;
};

Status listen(Thread& thread, const Options& options, bool first, std::string& port) {
    if (first && !options.unix_path.empty()) {
        unlink(options.unix_path.c_str());
        net::ListenOptions where;
        where.unix_path = options.unix_path;
        LUMOZ_TRY(auto server, net::Server::listen(thread.loop, where, {}, *thread.engine));
        thread.servers.push_back(std::move(server));
        log::info("listening", {{"address", std::string_view(options.unix_path)}});
    }
    if (options.address.empty()) return {};
    const std::size_t colon = options.address.rfind(':');
    net::ListenOptions where;
    where.address = options.address.substr(0, colon);
    if (port.empty()) port = options.address.substr(colon + 1);
    where.port = static_cast<std::uint16_t>(std::strtoul(port.c_str(), nullptr, 10));
    where.reuse_port = options.threads > 1;
    LUMOZ_TRY(auto server, net::Server::listen(thread.loop, where, {}, *thread.engine));
    port = std::to_string(server->port());
    const std::string address = where.address + ":" + port;
    if (first) log::info("listening", {{"address", std::string_view(address)}});
    thread.servers.push_back(std::move(server));
    return {};
}

int run(const Options& options) {
    fake_engine::Counters counters;
    std::vector<std::unique_ptr<Thread>> threads;
    std::string port;
    for (unsigned i = 0; i < std::max(1u, options.threads); ++i) {
        auto thread = std::make_unique<Thread>();
        thread->engine =
            std::make_unique<fake_engine::FakeEngine>(options.script, counters, options.remember);
        const Status status = listen(*thread, options, i == 0, port);
        if (!status) {
            log::error("listen",
                       {{"rule", status.error().rule}, {"detail", std::string_view(status.error().detail)}});
            return 1;
        }
        threads.push_back(std::move(thread));
    }
    if (!options.garbage_path.empty()) {
        const Status status = fake_engine::serve_garbage(options.garbage_path);
        if (!status) return 1;
        log::info("listening", {{"address", std::string_view(options.garbage_path)}});
    }
    std::vector<std::jthread> workers;
    for (std::size_t i = 1; i < threads.size(); ++i)
        workers.emplace_back([&loop = threads[i]->loop] { loop.run(); });
    threads.front()->loop.run();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    Options options;
    CLI::App app("A scripted engine for tests", "lumoz-fake-engine");
    app.add_option("--unix", options.unix_path, "Unix socket to listen on");
    app.add_option("--listen", options.address, "HOST:PORT; port 0 takes a free one");
    app.add_option("--garbage-unix", options.garbage_path, "Unix socket that answers with garbage");
    app.add_option("--threads", options.threads, "threads for --listen");
    app.add_option("--chunks", options.script.chunks, "events with text in a stream");
    app.add_option("--size", options.script.size, "characters of text");
    app.add_option("--interval-us", options.interval_us, "microseconds between two events");
    app.add_option("--delay-ms", options.delay_ms, "milliseconds before the head");
    app.add_flag("!--forget", options.remember, "do not keep the header names of the last request");
    CLI11_PARSE(app, argc, argv);
    if (options.unix_path.empty() && options.address.empty()) options.address = "127.0.0.1:0";
    options.script.interval = std::chrono::microseconds(options.interval_us);
    options.script.delay = std::chrono::milliseconds(options.delay_ms);
    return run(options);
}

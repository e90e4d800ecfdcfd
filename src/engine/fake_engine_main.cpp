// SPDX-License-Identifier: Apache-2.0
// A scripted engine for tests: takes the arguments of llama-server and answers on the same kind of socket.
// Behaviour by model name: `stubborn` ignores SIGTERM, `broken` exits at once, `mute` never becomes healthy,
// `noisy` writes a megabyte to its output first, `endless` ignores SIGTERM and never stops writing.
#include "net/server.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <unistd.h>

namespace {

using lumoz::net::Exchange;

class Fake final : public lumoz::net::Handler {
public:
    explicit Fake(bool mute) : mute_(mute) {}
    lumoz::net::Task<void> handle(Exchange& exchange) override {
        const std::string path(exchange.head().path());
        if (path == "/die") std::_Exit(3);
        const lumoz::net::Headers none;
        std::string body = "{}";
        if (path == "/headers") {
            body.clear();
            for (std::size_t i = 0; i < exchange.head().headers.size(); ++i) {
                const auto field = exchange.head().headers[i];
                body.append(field.name).append("=").append(field.value).append("\n");
            }
        }
        (void)co_await exchange.respond(mute_ ? 503 : 200, none, lumoz::as_bytes(body));
    }
    [[nodiscard]] std::string error_body(int) const override { return "{}"; }

private:
    bool mute_;
};

void write_forever() {
    const std::string block(std::size_t{64} << 10, 'p');
    while (::write(STDOUT_FILENO, block.data(), block.size()) > 0) {
    }
}

}  // namespace

int main(int count, char** arguments) {
    std::string socket;
    std::string alias;
    for (int i = 1; i + 1 < count; ++i) {
        if (std::strcmp(arguments[i], "--host") == 0) socket = arguments[i + 1];
        if (std::strcmp(arguments[i], "--alias") == 0) alias = arguments[i + 1];
    }
    if (alias == "broken") return 5;
    if (alias == "stubborn" || alias == "endless") (void)std::signal(SIGTERM, SIG_IGN);
    for (int i = 0; alias == "endless" && i < 8; ++i)
        std::thread(write_forever).detach();
    if (alias == "noisy") {
        const std::string line(1024, 'p');
        for (int i = 0; i < 1024; ++i) {
            std::fputs(line.c_str(), i % 2 == 0 ? stdout : stderr);
        }
        std::fflush(stdout);
    }
    lumoz::net::Loop loop;
    Fake fake(alias == "mute");
    lumoz::net::ListenOptions options;
    options.unix_path = socket;
    const auto server = lumoz::net::Server::listen(loop, options, {}, fake);
    if (!server) return 4;
    loop.run();
    return 0;
}

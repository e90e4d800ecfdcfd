// SPDX-License-Identifier: Apache-2.0
#include "engine/url_engine.hpp"

namespace lumoz::engine {

namespace {

/// Scheme, host and path of the URL. It cannot hold a user or a query.
std::string display_name(const net::Url& url) {
    if (url.scheme == net::Url::Scheme::Unix) return "unix:" + url.socket_path;
    const std::string scheme = url.scheme == net::Url::Scheme::Https ? "https://" : "http://";
    return scheme + url.authority() + url.prefix;
}

/// How late a prober sees that it shall end.
constexpr std::chrono::seconds kLongestNap{1};

net::ClientOptions probe_options(const UrlEngineOptions& options) {
    net::ClientOptions out = options.client;
    out.pool_size = 0;
    out.connect_timeout = options.probe_timeout;
    out.head_timeout = options.probe_timeout;
    out.read_timeout = options.probe_timeout;
    return out;
}

}  // namespace

UrlEngine::UrlEngine(UrlEngineOptions options)
    : options_(std::move(options)),
      name_(display_name(options_.url)),
      clients_(options_.url, options_.client) {}

UrlEngine::~UrlEngine() = default;

net::Task<Result<std::unique_ptr<net::ClientExchange>>> UrlEngine::send(net::Loop& loop, std::string method,
                                                                        std::string target,
                                                                        const net::Headers& headers,
                                                                        net::Payload body,
                                                                        net::CancelToken* cancel) {
    net::Headers out = forwarded_headers(headers, !body.upgrade.empty());
    if (!options_.bearer_token.empty()) out.add("Authorization", "Bearer " + options_.bearer_token);
    net::Client& client = clients_.of(loop);
    co_return co_await client.send(std::move(method), std::move(target), out, body, cancel);
}

net::Task<bool> UrlEngine::probe(net::Loop& loop) {
    net::Client client(loop, options_.url, probe_options(options_));
    net::Headers headers;
    if (!options_.bearer_token.empty()) headers.add("Authorization", "Bearer " + options_.bearer_token);
    for (const char* target : {"/health", "/v1/models"}) {
        const auto answer = co_await client.send("GET", target, headers, {});
        if (!answer) co_return false;
        const int status = (*answer)->head().status;
        if (status == 200) co_return true;
        // Other servers do not know /health.
        if (status != 404 && status != 405) co_return false;
    }
    co_return false;
}

net::Task<void> UrlEngine::probe_forever(net::Loop& loop) {
    int failures = 0;
    while (!retiring_) {
        const bool up = co_await probe(loop);
        failures = up ? 0 : failures + 1;
        if (up || failures >= options_.probe_failures) ready_.store(up, std::memory_order_relaxed);
        probed_.store(true, std::memory_order_relaxed);
        const net::TimePoint next = loop.now() + options_.probe_interval;
        while (!retiring_ && loop.now() < next)
            co_await loop.after(std::min<net::Duration>(next - loop.now(), kLongestNap));
    }
    ready_.store(false, std::memory_order_relaxed);
}

net::Task<void> UrlEngine::probe_counted(net::Loop& loop) {
    co_await probe_forever(loop);
    --probing_;
}

void UrlEngine::start_probing(net::Loop& loop) {
    // Counted here: between this line and the start of the task, nobody may think that it has ended.
    ++probing_;
    loop.post([this, &loop] { loop.spawn(probe_counted(loop)); });
}

bool UrlEngine::retired() {
    if (!retiring_ || probing_.load() != 0) return false;
    clients_.end_on_loops();
    return true;
}

}  // namespace lumoz::engine

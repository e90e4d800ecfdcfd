// SPDX-License-Identifier: Apache-2.0
// UrlEngine: any OpenAI-compatible server by URL (http, https, unix), with a keep-alive pool per I/O thread
// and a health probe.
#pragma once

#include "engine/engine.hpp"

#include <atomic>

namespace lumoz::engine {

struct UrlEngineOptions {
    net::Url url{};
    net::ClientOptions client{};                      ///< `pool_size` 0: one connection per request
    std::string bearer_token{};                       ///< sent as Authorization when not empty
    std::chrono::milliseconds probe_interval{5'000};  ///< api.md 5
    std::chrono::milliseconds probe_timeout{3'000};
    int probe_failures = 3;  ///< this many in a row make it not ready
};

class UrlEngine final : public Engine {
public:
    explicit UrlEngine(UrlEngineOptions options);
    ~UrlEngine() override;

    net::Task<Result<std::unique_ptr<net::ClientExchange>>> send(net::Loop& loop, std::string method,
                                                                 std::string target,
                                                                 const net::Headers& headers,
                                                                 net::Payload body,
                                                                 net::CancelToken* cancel) override;
    [[nodiscard]] bool ready() const override { return ready_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool starting() const override { return !probed_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::string_view kind() const override { return "url"; }
    [[nodiscard]] std::string_view name() const override { return name_; }

    /// Probes `GET /health`, then `GET /v1/models` where that is unknown, until `retire`; spawn it on one
    /// loop.
    net::Task<void> probe_forever(net::Loop& loop);
    /// Any thread: does that on this loop.
    void start_probing(net::Loop& loop);
    /// Any thread: no more probes; not ready from now on.
    void retire() { retiring_ = true; }
    /// Any thread: once no request runs and this says true, the engine may be destroyed while the loops run.
    [[nodiscard]] bool retired();
    /// One probe: true when the server answers with 200.
    net::Task<bool> probe(net::Loop& loop);

private:
    net::Task<void> probe_counted(net::Loop& loop);

    UrlEngineOptions options_;
    std::string name_;
    std::atomic<bool> ready_{false};
    std::atomic<bool> probed_{false};
    std::atomic<bool> retiring_{false};
    std::atomic<int> probing_{0};
    ClientPerLoop clients_;
};

}  // namespace lumoz::engine

// SPDX-License-Identifier: Apache-2.0
// EngineGroup: several backends of the same model as one engine. Each request goes to the backend with the
// fewest requests in hand among those that are ready. A backend that cannot be reached gets nothing of the
// request, and another one is asked; a request of which something was sent is never sent again
// (design/decisions.md 20).
#pragma once

#include "engine/engine.hpp"

#include <atomic>

namespace lumoz::engine {

/// True for errors of `Engine::send` that say that no byte of the request has left: no address, no
/// connection, no TLS session.
[[nodiscard]] bool is_unreached(const Error& error);

class EngineGroup final : public Engine {
public:
    /// The backends must outlive the group and all exchanges. `shun`: how long a backend that could not be
    /// reached is asked last. Requires: at least one backend, of one kind.
    EngineGroup(std::vector<Engine*> backends, std::chrono::milliseconds shun);

    /// When none is ready, `E_ENGINE_UNAVAILABLE`; when none could be reached, the error of the last one.
    net::Task<Result<std::unique_ptr<net::ClientExchange>>> send(net::Loop& loop, std::string method,
                                                                 std::string target,
                                                                 const net::Headers& headers,
                                                                 net::Payload body,
                                                                 net::CancelToken* cancel) override;
    /// Whether any backend is.
    [[nodiscard]] bool ready() const override;
    [[nodiscard]] bool starting() const override;
    [[nodiscard]] std::vector<BackendState> backends() const override;
    [[nodiscard]] std::string_view kind() const override { return backends_.front()->engine.kind(); }
    /// The first backend's.
    [[nodiscard]] std::string_view name() const override { return backends_.front()->engine.name(); }

private:
    struct Backend {
        explicit Backend(Engine& of) : engine(of) {}
        Engine& engine;
        std::atomic<std::uint64_t> open{0}, taken{0}, failed{0}, passed_over{0};
        std::atomic<net::TimePoint> shunned_until{net::TimePoint{}};
    };
    class CountedExchange;

    /// The ready backend to ask next; null when all are in `asked`.
    [[nodiscard]] Backend* choose(const std::vector<const Backend*>& asked);

    std::vector<std::unique_ptr<Backend>> backends_;
    std::chrono::milliseconds shun_;
    std::atomic<std::size_t> turn_{0};  ///< equally busy backends are asked in turn
};

}  // namespace lumoz::engine

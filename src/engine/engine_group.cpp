// SPDX-License-Identifier: Apache-2.0
#include "engine/engine_group.hpp"

#include <algorithm>

namespace lumoz::engine {

bool is_unreached(const Error& error) {
    constexpr std::string_view kResolve = "net.resolve";
    constexpr std::string_view kConnect = "net.stream.connect";
    if (error.rule == "E_NET_TIMEOUT") return error.where == kResolve || error.where == kConnect;
    return error.rule == "E_NET_REFUSED" || error.rule == "E_NET_RESOLVE" || error.rule == "E_NET_SOCKET" ||
           error.rule == "E_ENGINE_UNAVAILABLE" || error.rule == "E_TLS_HANDSHAKE" ||
           error.rule == "E_TLS_CERTIFICATE" || error.rule == "E_TLS_PIN";
}

/// Gives its place back when the answer is over.
class EngineGroup::CountedExchange final : public net::ClientExchange {
public:
    CountedExchange(std::unique_ptr<net::ClientExchange> inner, Backend& backend)
        : inner_(std::move(inner)), backend_(backend) {}
    ~CountedExchange() override {
        inner_.reset();
        backend_.open.fetch_sub(1);
    }
    [[nodiscard]] const net::ResponseHead& head() const override { return inner_->head(); }
    [[nodiscard]] std::optional<std::uint64_t> content_length() const override {
        return inner_->content_length();
    }
    net::Task<Result<ByteView>> read_some() override { return inner_->read_some(); }
    net::Task<Result<Bytes>> read_all(std::size_t max_bytes) override { return inner_->read_all(max_bytes); }
    void cancel() override { inner_->cancel(); }
    [[nodiscard]] net::Stream* upgraded() override { return inner_->upgraded(); }
    [[nodiscard]] ByteView upgraded_pending() const override { return inner_->upgraded_pending(); }
    [[nodiscard]] std::optional<Digest256> peer_spki() const override { return inner_->peer_spki(); }

private:
    std::unique_ptr<net::ClientExchange> inner_;
    Backend& backend_;
};

EngineGroup::EngineGroup(std::vector<Engine*> backends, std::chrono::milliseconds shun) : shun_(shun) {
    for (Engine* backend : backends)
        backends_.push_back(std::make_unique<Backend>(*backend));
}

EngineGroup::Backend* EngineGroup::choose(const std::vector<const Backend*>& asked) {
    const net::TimePoint now = net::Clock::now();
    const std::size_t first = turn_.fetch_add(1, std::memory_order_relaxed);
    Backend* best = nullptr;
    std::pair<bool, std::uint64_t> best_rank;
    for (std::size_t i = 0; i < backends_.size(); ++i) {
        Backend& backend = *backends_[(first + i) % backends_.size()];
        if (!backend.engine.ready() || std::ranges::find(asked, &backend) != asked.end()) continue;
        const std::pair rank{backend.shunned_until.load() > now, backend.open.load()};
        if (best != nullptr && best_rank <= rank) continue;
        best = &backend;
        best_rank = rank;
    }
    return best;
}

net::Task<Result<std::unique_ptr<net::ClientExchange>>> EngineGroup::send(net::Loop& loop, std::string method,
                                                                          std::string target,
                                                                          const net::Headers& headers,
                                                                          net::Payload body,
                                                                          net::CancelToken* cancel) {
    std::vector<const Backend*> asked;
    Error last{Errc::Unavailable, "E_ENGINE_UNAVAILABLE", "engine.group.send", {}};
    while (Backend* backend = choose(asked)) {
        asked.push_back(backend);
        // Counted before the answer is there: it works on the request from now on.
        backend->open.fetch_add(1);
        auto sent = co_await backend->engine.send(loop, method, target, headers, body, cancel);
        if (sent) {
            backend->taken.fetch_add(1);
            backend->shunned_until = net::TimePoint{};
            co_return std::make_unique<CountedExchange>(std::move(*sent), *backend);
        }
        backend->open.fetch_sub(1);
        last = std::move(sent).error();
        const bool cancelled = cancel != nullptr && cancel->cancelled();
        if (cancelled || !is_unreached(last)) {
            backend->taken.fetch_add(1);
            backend->failed.fetch_add(1);
            break;
        }
        backend->passed_over.fetch_add(1);
        backend->shunned_until = loop.now() + shun_;
    }
    co_return std::unexpected(std::move(last));
}

bool EngineGroup::ready() const {
    return std::ranges::any_of(backends_, [](const auto& backend) { return backend->engine.ready(); });
}

bool EngineGroup::starting() const {
    return std::ranges::any_of(backends_, [](const auto& backend) { return backend->engine.starting(); });
}

std::vector<BackendState> EngineGroup::backends() const {
    std::vector<BackendState> out;
    for (const std::unique_ptr<Backend>& backend : backends_)
        out.push_back({.ready = backend->engine.ready(),
                       .open = backend->open.load(),
                       .taken = backend->taken.load(),
                       .failed = backend->failed.load(),
                       .passed_over = backend->passed_over.load()});
    return out;
}

}  // namespace lumoz::engine

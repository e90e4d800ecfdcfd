// SPDX-License-Identifier: Apache-2.0
// The scripted engine as an HTTP handler: chat and text completions, embeddings, models, health, and counters
// that tests read.
#pragma once

#include "net/server.hpp"
#include "script.hpp"

#include <atomic>
#include <mutex>

namespace lumoz::fake_engine {

/// Shared by the handlers of all threads.
struct Counters {
    std::atomic<std::uint64_t> requests{0};  ///< POST
    std::atomic<std::uint64_t> finished{0};  ///< answered to the end
    std::atomic<std::uint64_t> aborted{0};   ///< the peer left before the end
    std::atomic<std::int64_t> active{0};
    std::mutex mutex;
    std::string last_headers;  ///< names of the last POST, comma separated, lowercase
    std::string last_target;
};

class FakeEngine final : public net::Handler {
public:
    FakeEngine(const Script& defaults, Counters& counters, bool remember)
        : defaults_(defaults), counters_(counters), remember_(remember) {}
    net::Task<void> handle(net::Exchange& exchange) override;
    [[nodiscard]] std::string error_body(int status) const override;

private:
    net::Task<void> post(net::Exchange& exchange);
    net::Task<Status> answer_plain(net::Exchange& exchange, const Script& script, bool completions);
    net::Task<Status> answer_stream(net::Exchange& exchange, const Script& script, bool completions);
    net::Task<Status> write_until_cut(net::Exchange& exchange, const Script& script, ByteView bytes,
                                      std::int64_t& left);
    net::Task<void> hang(net::Exchange& exchange);
    net::Task<Status> get(net::Exchange& exchange);
    [[nodiscard]] std::string stats() const;
    void remember(const net::RequestHead& head);

    const Script& defaults_;
    Counters& counters_;
    bool remember_;
};

}  // namespace lumoz::fake_engine

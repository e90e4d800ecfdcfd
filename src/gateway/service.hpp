// SPDX-License-Identifier: Apache-2.0
// What all I/O threads of the service share: references to thread-safe parts, made once at start, and the few
// flags that change. Each thread has a Gateway of its own that points here.
#pragma once

#include "engine/engine.hpp"
#include "gateway/auth.hpp"
#include "gateway/config.hpp"
#include "gateway/metrics.hpp"
#include "identity/reports.hpp"
#include "receipt/signer.hpp"
#include "store/store.hpp"

#include <mutex>

namespace lumoz::gateway {

/// The credentials in force; replaced as a whole on reload.
class Credentials {
public:
    /// A null table means that authentication is off.
    void set(std::shared_ptr<const TokenTable> table);
    [[nodiscard]] std::shared_ptr<const TokenTable> get() const;

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const TokenTable> table_;
};

/// Sets of counters of all threads. Sets are added before the threads start.
class MetricsHub {
public:
    [[nodiscard]] Metrics& add();
    void sum(Metrics& out) const;

private:
    mutable std::mutex mutex_;
    std::deque<Metrics> sets_;
};

struct Service {
    const Config& config;
    const identity::PublicIdentity& identity;
    const receipt::Signer& signer;
    identity::Attestor& attestor;
    identity::Reports& reports;
    identity::CollateralSource& collateral;
    store::ReceiptStore& store;
    engine::Engine& engine;
    const Clock& clock;
    std::optional<receipt::ModelEvent> model;  ///< absent: the weights are not known here
    std::string_view version;                  ///< of the program

    Credentials credentials = {};
    MetricsHub metrics = {};
    std::atomic<bool> draining = false;  ///< no new requests
    std::atomic<bool> attested = false;  ///< the evidence of the keys' birth is stored
};

}  // namespace lumoz::gateway

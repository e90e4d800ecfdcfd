// SPDX-License-Identifier: Apache-2.0
// What all I/O threads of the service share: references to thread-safe parts, made once at start, and the few
// flags that change. Each thread has a Gateway of its own that points here.
#pragma once

#include "gateway/auth.hpp"
#include "gateway/config.hpp"
#include "gateway/current.hpp"
#include "gateway/key_epoch.hpp"
#include "gateway/key_state.hpp"
#include "gateway/metrics.hpp"
#include "gateway/models.hpp"
#include "gateway/request_limits.hpp"
#include "gateway/siblings.hpp"
#include "store/store.hpp"

#include <mutex>

namespace lumoz::gateway {

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
    const Config& config;  ///< of the start; that in force is `Call::config`
    identity::Attestor& attestor;
    identity::CollateralSource& collateral;
    store::ReceiptStore& store;
    const Clock& clock;
    std::string_view version;      ///< of the program
    Siblings* siblings = nullptr;  ///< other replicas; null: none are known

    Current<KeyEpoch> keys = {};           ///< never null while requests are taken
    Current<ModelTable> models = {};       ///< the same
    Current<KeyState> key_state = {};      ///< null: nobody renews the keys
    Current<TokenTable> credentials = {};  ///< null: authentication is off
    MetricsHub metrics = {};
    RequestLimits limits{config};
    std::shared_ptr<const net::TlsContext> check_tls = {};  ///< of `auth.check_url`; null for plain http
    std::atomic<bool> draining = false;                     ///< no new requests
    std::atomic<bool> attested = false;                     ///< the evidence of the keys' birth is stored
};

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// How often whoever asks may ask: by client address, and by credential.
#pragma once

#include "gateway/client_address.hpp"
#include "gateway/config.hpp"
#include "gateway/rate_limit.hpp"

namespace lumoz::gateway {

/// Thread-safe.
class RequestLimits {
public:
    /// Requires: the configuration is valid.
    explicit RequestLimits(const Config& config);

    /// Takes a request from the client's bucket. 0: it may be answered; else the seconds to wait.
    [[nodiscard]] unsigned of_address(std::string_view peer, const net::Headers& headers, net::TimePoint now);
    /// The same for the name of a credential; the empty name has no limit.
    [[nodiscard]] unsigned of_credential(std::string_view name, net::TimePoint now);
    [[nodiscard]] bool by_address() const { return addresses_.limits(); }

private:
    ProxyTrust trust_;
    unsigned ipv6_bits_;
    RateLimit addresses_;
    RateLimit credentials_;
};

}  // namespace lumoz::gateway

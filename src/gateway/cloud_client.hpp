// SPDX-License-Identifier: Apache-2.0
// Posts to the service that knows further tokens (specs/api.md 2): one per I/O thread, on its loop, with the
// one rule of repetition.
#pragma once

#include "gateway/cloud_outcome.hpp"
#include "gateway/config.hpp"
#include "net/client.hpp"

#include <random>

namespace lumoz::gateway {

/// What the outcome of a status is; 200 only is good.
[[nodiscard]] CloudOutcome outcome_of_status(int status);
/// The client's TLS of `auth.check_*`; null for plain http to this machine. `E_TLS_CA`, `E_CONFIG`.
Result<std::shared_ptr<const net::TlsContext>> cloud_tls(const Config& config);

class CloudClient {
public:
    /// `tls` is needed for https. Requires: `config.check_url` is valid; both outlive it.
    CloudClient(net::Loop& loop, const Config& config, std::shared_ptr<const net::TlsContext> tls);

    using Seen = std::function<void(CloudOutcome)>;
    /// Posts with `Authorization: Bearer token`, and again after network errors and 5xx as the configuration
    /// says. `seen` is told how each attempt ended. The answer's body is not looked at.
    net::Task<CloudOutcome> post(std::string target, std::string token, std::string body, Seen seen);

private:
    net::Task<CloudOutcome> attempt(std::string target, const net::Headers& headers, const std::string& body);
    /// Between nothing and `check_backoff` doubled with each attempt, at most 5 s.
    [[nodiscard]] net::Duration wait_before(std::int64_t repetition);

    net::Loop& loop_;
    const Config& config_;
    net::Client client_;
    std::minstd_rand chance_;
};

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// One request on its way: who asks, for what, what is known of it by now, and the headers that every answer
// carries.
#pragma once

#include "gateway/service.hpp"
#include "gateway/usage_reports.hpp"
#include "net/server.hpp"

namespace lumoz::gateway {

struct Call {
    net::Exchange& exchange;
    Service& service;
    Metrics& metrics;
    /// In force when it began. The models are read before the keys, whose evidence names them.
    std::shared_ptr<const ModelTable> models;
    std::shared_ptr<const KeyEpoch> keys;
    std::string id;          ///< ours: receipt id of signed routes, and the id in the log
    std::string request_id;  ///< what `X-Request-ID` says
    net::TimePoint started;
    std::optional<Route> route = std::nullopt;
    Principal principal = {};

    int status = 0;  ///< 499: the client left before there was one
    std::uint64_t request_bytes = 0;
    std::uint64_t response_bytes = 0;
    net::Duration engine_head{0};
    net::Duration receipt_wait{0};
    std::string_view cut_by = {};  ///< static text
    bool stream = false;

    std::string model = {};   ///< of our table, once it was found
    int engine_status = 0;    ///< 0: no answer of an engine
    bool receipt = false;     ///< one was stored
    std::string bearer = {};  ///< the token of an external principal, for the report of what it used
    std::optional<UsageReport> used = std::nullopt;  ///< what the answer cost, of an external principal

    /// In force for this request: what the evidence of its keys covers.
    [[nodiscard]] const Config& config() const {
        return keys->config != nullptr ? *keys->config : service.config;
    }
};

/// True for a client's request id that may be echoed: `[A-Za-z0-9._-]{1,64}` (design decision 14).
[[nodiscard]] bool is_request_id(std::string_view text);

/// Content-Type, X-Request-ID, X-ACI-Version, X-ACI-Keyset-Digest.
[[nodiscard]] net::Headers answer_headers(const Call& call, std::string_view content_type);
/// The same and X-Receipt-Id.
[[nodiscard]] net::Headers signed_headers(const Call& call, std::string_view content_type);
/// Adds `x-should-retry`, and `Retry-After` to 429 and 503.
void add_retry_headers(net::Headers& headers, const ApiError& error, unsigned retry_after = 1);

/// Answers with JSON and counts it.
net::Task<void> respond_json(Call& call, int status, std::string body);
/// Answers with an error and counts it; no receipt.
net::Task<void> respond_error(Call& call, ApiError error, unsigned retry_after = 1);

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// How questions to the service that knows further tokens end.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lumoz::gateway {

/// How one attempt ended.
enum class CloudOutcome : std::uint8_t {
    Ok,
    InsufficientCredits,
    RateLimited,
    Rejected,     ///< another status below 500
    ServerError,  ///< 5xx
    Timeout,
    Connect,  ///< no connection, or none that can be trusted
    Broken,   ///< the connection ended early, or the answer is no HTTP
};
inline constexpr std::size_t kCloudOutcomes = 8;

/// Whether another attempt may end better.
[[nodiscard]] constexpr bool is_transient(CloudOutcome outcome) {
    return outcome >= CloudOutcome::ServerError;
}

/// The outcome as labels of metrics.
struct CloudLabels {
    std::string_view outcome;
    std::string_view kind;  ///< of a transport error; else empty
};
inline constexpr std::array<CloudLabels, kCloudOutcomes> kCloudLabels{{
    {"ok", ""},
    {"insufficient_credits", ""},
    {"rate_limited", ""},
    {"rejected", ""},
    {"upstream_5xx", ""},
    {"transport_error", "timeout"},
    {"transport_error", "connect"},
    {"transport_error", "other"},
}};

}  // namespace lumoz::gateway

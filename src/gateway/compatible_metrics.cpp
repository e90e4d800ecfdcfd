// SPDX-License-Identifier: Apache-2.0
// The counters under the names that dashboards of the compatible services ask for.
#include "gateway/metrics.hpp"

namespace lumoz::gateway {
namespace {

std::string method_and_endpoint(std::size_t page) {
    const std::string_view name = page_name(page);
    const std::string_view method = page + 1 < Metrics::kPages ? method_of(static_cast<Page>(page)) : "other";
    return label("method", method) + "," + label("endpoint", name);
}

}  // namespace

void Metrics::write_compatible(std::string& out) const {
    write_http(out, "", method_and_endpoint);
    write_type(out, "active_connections", "gauge", "Requests under way.");
    write_value(out, "active_connections", "", active_requests.get());
    write_type(out, "streaming_connections", "gauge", "Streamed answers under way.");
    write_value(out, "streaming_connections", "", streaming_requests.get());
    write_type(out, "vllm_proxy_errors_total", "counter", "Errors of the service and the engine by type.");
    for (std::size_t i = 0; i < errors_.size(); ++i) {
        const bool own = kErrorTypes[i] == "server_error" || kErrorTypes[i] == "upstream_error" ||
                         kErrorTypes[i] == "unavailable";
        if (own) write_value(out, "vllm_proxy_errors_total", label("type", kErrorTypes[i]), errors_[i].get());
    }
    write_outcomes(out, "cloud_api_auth_attempts_total", "Questions about tokens, by outcome.", key_checks);
    write_type(out, "upstream_request_duration_seconds", "histogram",
               "From the request to the head of the engine's answer.");
    for (std::size_t p = 0; p + 1 < kPages; ++p)
        if (is_inference(static_cast<Page>(p)) && any_request(p))
            engine_head_of[p].write(out, "upstream_request_duration_seconds",
                                    label("endpoint", page_name(p)));
    traffic.write_compatible(out);
}

}  // namespace lumoz::gateway

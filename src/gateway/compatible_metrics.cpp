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
    write_type(out, "http_requests_total", "counter", "Requests by method, route and status.");
    for (std::size_t p = 0; p < kPages; ++p) {
        for (std::size_t s = 0; s < kStatuses.size(); ++s) {
            if (requests_[p][s].get() == 0) continue;
            const std::string status = kStatuses[s] == 0 ? "other" : std::to_string(kStatuses[s]);
            write_value(out, "http_requests_total", method_and_endpoint(p) + "," + label("status", status),
                        requests_[p][s].get());
        }
    }
    write_type(out, "http_request_duration_seconds", "histogram",
               "From the head of a request to the end of its answer.");
    for (std::size_t p = 0; p < kPages; ++p)
        if (any_request(p)) durations_[p].write(out, "http_request_duration_seconds", method_and_endpoint(p));
    write_type(out, "active_connections", "gauge", "Requests under way.");
    write_value(out, "active_connections", "", active_requests.get());
    write_type(out, "streaming_connections", "gauge", "Streamed answers under way.");
    write_value(out, "streaming_connections", "", streaming_requests.get());
    write_type(out, "http_errors_total", "counter", "Errors by type.");
    for (std::size_t i = 0; i < errors_.size(); ++i)
        write_value(out, "http_errors_total", label("error_type", kErrorTypes[i]), errors_[i].get());
    write_type(out, "vllm_proxy_errors_total", "counter", "Errors of the service and the engine by type.");
    for (std::size_t i = 0; i < errors_.size(); ++i) {
        const bool own = kErrorTypes[i] == "server_error" || kErrorTypes[i] == "upstream_error" ||
                         kErrorTypes[i] == "unavailable";
        if (own) write_value(out, "vllm_proxy_errors_total", label("type", kErrorTypes[i]), errors_[i].get());
    }
    write_type(out, "signatures_generated_total", "counter", "Signatures over exchanges, by algorithm.");
    write_value(out, "signatures_generated_total", "algorithm=\"ecdsa\"", signatures_ecdsa.get());
    write_value(out, "signatures_generated_total", "algorithm=\"ed25519\"", signatures_ed25519.get());
    write_type(out, "cloud_api_auth_attempts_total", "counter", "Questions about tokens, by outcome.");
    for (std::size_t i = 0; i < kCloudOutcomes; ++i)
        write_value(out, "cloud_api_auth_attempts_total",
                    label("outcome", kCloudLabels[i].outcome) + "," + label("kind", kCloudLabels[i].kind),
                    key_checks[i].get());
    write_type(out, "upstream_request_duration_seconds", "histogram",
               "From the request to the head of the engine's answer.");
    for (std::size_t p = 0; p + 1 < kPages; ++p)
        if (is_inference(static_cast<Page>(p)) && any_request(p))
            engine_head_of[p].write(out, "upstream_request_duration_seconds",
                                    label("endpoint", page_name(p)));
    traffic.write_compatible(out);
}

}  // namespace lumoz::gateway

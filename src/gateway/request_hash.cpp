// SPDX-License-Identifier: Apache-2.0
#include "gateway/request_hash.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "evidence/statement.hpp"

namespace lumoz::gateway {

std::expected<std::optional<Digest256>, ApiError> substituted_hash(const Call& call) {
    constexpr std::string_view kName = "X-Request-Hash";
    const net::Headers& headers = call.exchange.head().headers;
    const std::vector<std::string>& trusted = call.service.config.request_hash_from;
    if (!headers.find(kName) || call.principal.state != AuthState::Known ||
        std::ranges::find(trusted, call.principal.name) == trusted.end())
        return std::nullopt;
    const Result<Digest256> hash = fixed_from_hex<Digest256>(headers.get(kName));
    if (!hash || headers.count(kName) != 1)
        return std::unexpected(api_error(Failure::BadRequest, "X-Request-Hash must be 64 hex digits"));
    return *hash;
}

std::string substituted_hash_event(std::string_view credential, const Digest256& received) {
    json::Writer w;
    w.object();
    w.key("body_hash").string(evidence::sha256_text(received));
    w.key("by").string(credential);
    w.key("type").string("lumoz.request_hash");
    w.end();
    return std::move(w).text();
}

}  // namespace lumoz::gateway

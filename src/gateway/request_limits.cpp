// SPDX-License-Identifier: Apache-2.0
#include "gateway/request_limits.hpp"

namespace lumoz::gateway {

RequestLimits::RequestLimits(const Config& config)
    : ipv6_bits_(static_cast<unsigned>(config.ipv6_prefix)),
      addresses_(static_cast<double>(config.requests_per_second)),
      credentials_(static_cast<double>(config.requests_per_credential)) {
    trust_.header = config.forwarded_rfc7239 ? ForwardedHeader::Forwarded : ForwardedHeader::XForwardedFor;
    for (const std::string& proxy : config.trusted_proxies)
        if (const auto prefix = parse_prefix(proxy)) trust_.proxies.push_back(*prefix);
}

unsigned RequestLimits::of_address(std::string_view peer, const net::Headers& headers, net::TimePoint now) {
    if (!addresses_.limits()) return 0;
    const std::optional<IpAddress> client = client_address(peer, headers, trust_);
    if (!client) return addresses_.take(peer, now);
    const IpAddress counted = client->is_v4() ? *client : client->masked(ipv6_bits_);
    return addresses_.take(as_text(counted.bytes), now);
}

unsigned RequestLimits::of_credential(std::string_view name, net::TimePoint now) {
    return name.empty() ? 0 : credentials_.take(name, now);
}

}  // namespace lumoz::gateway

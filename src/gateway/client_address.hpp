// SPDX-License-Identifier: Apache-2.0
// Who is at the other end: the socket's peer, or what a trusted proxy says of it. What anybody else says in
// `X-Forwarded-For` or `Forwarded` is not looked at.
#pragma once

#include "gateway/ip_address.hpp"
#include "net/http.hpp"

#include <vector>

namespace lumoz::gateway {

enum class ForwardedHeader : std::uint8_t { XForwardedFor, Forwarded };

struct ProxyTrust {
    std::vector<IpPrefix> proxies;
    ForwardedHeader header = ForwardedHeader::XForwardedFor;  ///< the one that the proxies write
};

/// The address of the client. `peer` is `address:port` as `net::Exchange::peer` says it. From a trusted peer
/// the header is read from its end: the first address that is no trusted proxy is the client. An entry that
/// is no address (`unknown`, an obfuscated name, garbage) ends the walk at the proxy that wrote it. Nothing
/// when the peer has no address.
[[nodiscard]] std::optional<IpAddress> client_address(std::string_view peer, const net::Headers& headers,
                                                      const ProxyTrust& trust);

/// The `for` addresses of one header value in their order, at most the last 64; nothing for an entry that is
/// no address. RFC 7239 for `Forwarded`; an element without `for` is an entry that is no address.
[[nodiscard]] std::vector<std::optional<IpAddress>> forwarded_entries(std::string_view value,
                                                                      ForwardedHeader header);

}  // namespace lumoz::gateway

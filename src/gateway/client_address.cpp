// SPDX-License-Identifier: Apache-2.0
#include "gateway/client_address.hpp"

#include "base/trim.hpp"

#include <algorithm>

namespace lumoz::gateway {
namespace {

constexpr std::size_t kMaxEntries = 64;

std::string_view trim(std::string_view text) {
    return trimmed(text, " \t");
}

/// Cuts `text` before the first `mark` outside quotes, and moves it behind the mark.
std::string_view take_until(std::string_view& text, char mark) {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quoted && text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (text[i] == mark && !quoted) {
            const std::string_view out = text.substr(0, i);
            text.remove_prefix(i + 1);
            return out;
        }
    }
    return std::exchange(text, {});
}

/// `for=192.0.2.60`, `for="[2001:db8::1]:8080"` of one element.
std::optional<IpAddress> element_address(std::string_view element) {
    std::optional<IpAddress> found;
    bool seen = false;
    while (!element.empty()) {
        const std::string_view pair = trim(take_until(element, ';'));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (!net::iequals(pair.substr(0, equals), "for")) continue;
        if (seen) return std::nullopt;
        seen = true;
        std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
        const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
        if (quoted) value = value.substr(1, value.size() - 2);
        // RFC 7239 4: an IPv6 address stands in brackets and quotes.
        found = parse_ip_and_port(value);
    }
    return found;
}

bool trusted(const ProxyTrust& trust, const IpAddress& address) {
    return std::ranges::any_of(trust.proxies, [&](const IpPrefix& p) { return p.contains(address); });
}

}  // namespace

std::vector<std::optional<IpAddress>> forwarded_entries(std::string_view value, ForwardedHeader header) {
    std::vector<std::optional<IpAddress>> out;
    while (!value.empty()) {
        if (header == ForwardedHeader::Forwarded) {
            out.push_back(element_address(take_until(value, ',')));
        } else {
            const std::size_t comma = std::min(value.find(','), value.size());
            out.push_back(parse_ip_and_port(trim(value.substr(0, comma))));
            value.remove_prefix(std::min(comma + 1, value.size()));
        }
        if (out.size() > kMaxEntries) out.erase(out.begin());
    }
    return out;
}

std::optional<IpAddress> client_address(std::string_view peer, const net::Headers& headers,
                                        const ProxyTrust& trust) {
    std::optional<IpAddress> client = parse_ip_and_port(peer);
    if (!client || !trusted(trust, *client)) return client;
    const std::string_view name =
        trust.header == ForwardedHeader::Forwarded ? "Forwarded" : "X-Forwarded-For";
    // Several lines are one list (RFC 9110 5.3): the last line's end is nearest to us.
    for (std::size_t line = headers.size(); line-- > 0;) {
        if (!net::iequals(headers[line].name, name)) continue;
        const auto entries = forwarded_entries(headers[line].value, trust.header);
        for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
            if (!*entry) return client;
            client = **entry;
            if (!trusted(trust, *client)) return client;
        }
    }
    return client;
}

}  // namespace lumoz::gateway

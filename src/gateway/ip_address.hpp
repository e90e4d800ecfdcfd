// SPDX-License-Identifier: Apache-2.0
// Internet addresses as numbers, and prefixes of them. IPv4 addresses stand in IPv6's mapped range, so that
// `1.2.3.4` and `::ffff:1.2.3.4` are one.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <optional>
#include <string>

namespace lumoz::gateway {

struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] bool is_v4() const;
    /// The first `bits` of 128 bits, the rest zero.
    [[nodiscard]] IpAddress masked(unsigned bits) const;
    friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

/// Numeric IPv4 or IPv6 without brackets, port or zone; nothing for anything else.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);
/// The same with an optional port, and with brackets around IPv6: `1.2.3.4:80`, `[::1]:80`, `[::1]`, `::1`.
[[nodiscard]] std::optional<IpAddress> parse_ip_and_port(std::string_view text);

struct IpPrefix {
    IpAddress address;
    unsigned bits = 128;  ///< of 128; an IPv4 prefix of n bits has 96 + n

    [[nodiscard]] bool contains(const IpAddress& other) const { return other.masked(bits) == address; }
};
/// `10.0.0.0/8`, `fd00::/8`, or one address. `E_CONFIG` when it is no prefix or has bits behind its length.
Result<IpPrefix> parse_prefix(std::string_view text);

}  // namespace lumoz::gateway

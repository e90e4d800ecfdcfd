// SPDX-License-Identifier: Apache-2.0
#include "gateway/ip_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace lumoz::gateway {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;

std::optional<unsigned> parse_number(std::string_view text, unsigned max) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || number > max)
        return std::nullopt;
    return number;
}

bool is_port(std::string_view text) {
    return parse_number(text, 65'535).has_value();
}

}  // namespace

bool IpAddress::is_v4() const {
    return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

IpAddress IpAddress::masked(unsigned bits) const {
    IpAddress out;
    for (unsigned i = 0; i < 16 && i * 8 < bits; ++i) {
        const unsigned left = bits - i * 8;
        const unsigned mask = left >= 8 ? 0xffU : 0xffU & ~(0xffU >> left);
        out.bytes[i] = static_cast<std::uint8_t>(bytes[i] & mask);
    }
    return out;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
    if (text.empty() || text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    const std::string zero_ended(text);
    IpAddress out;
    if (text.find(':') != std::string_view::npos) {
        if (::inet_pton(AF_INET6, zero_ended.c_str(), out.bytes.data()) != 1) return std::nullopt;
        return out;
    }
    std::copy(kMapped.begin(), kMapped.end(), out.bytes.begin());
    if (::inet_pton(AF_INET, zero_ended.c_str(), out.bytes.data() + kMapped.size()) != 1) return std::nullopt;
    return out;
}

std::optional<IpAddress> parse_ip_and_port(std::string_view text) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view inside = text.substr(1, end - 1);
        const std::string_view rest = text.substr(end + 1);
        if (inside.find(':') == std::string_view::npos) return std::nullopt;
        if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
        return parse_ip(inside);
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
        return parse_ip(text);
    if (!is_port(text.substr(colon + 1))) return std::nullopt;
    return parse_ip(text.substr(0, colon));
}

Result<IpPrefix> parse_prefix(std::string_view text) {
    const auto refuse = [text](std::string_view reason) {
        return fail(Errc::Usage, "E_CONFIG", "gateway.prefix",
                    "`" + std::string(text) + "` " + std::string(reason));
    };
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::optional<IpAddress> address = parse_ip(text.substr(0, slash));
    if (!address) return refuse("is no address or prefix; want 192.0.2.1, 10.0.0.0/8 or fd00::/8");
    // A mapped address that is written as IPv6 counts its bits as IPv6.
    const bool v4 = address->is_v4() && text.find(':') == std::string_view::npos;
    IpPrefix out{.address = *address, .bits = 128};
    if (slash < text.size()) {
        const std::optional<unsigned> bits = parse_number(text.substr(slash + 1), v4 ? 32 : 128);
        if (!bits) return refuse("has no length from 0 to 32, or 128 for IPv6, behind the slash");
        out.bits = v4 ? kMappedBits + *bits : *bits;
    }
    if (out.address.masked(out.bits) != out.address) return refuse("has bits set behind its length");
    return out;
}

}  // namespace lumoz::gateway

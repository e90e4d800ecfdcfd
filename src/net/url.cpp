// SPDX-License-Identifier: Apache-2.0
#include "net/client.hpp"

#include <algorithm>
#include <charconv>

namespace lumoz::net {

namespace {

std::unexpected<Error> bad_url(std::string_view where) {
    return fail(Errc::Usage, "E_URL", where);
}

bool is_host_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) return bad_url("net.url.port");
    return port;
}

Result<std::string> parse_prefix(std::string_view path) {
    if (!path.empty() && path.front() != '/') return bad_url("net.url.path");
    const bool plain =
        std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#'; });
    if (!plain) return bad_url("net.url.path");
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return std::string(path);
}

Result<Url> parse_unix(std::string_view rest) {
    Url url;
    url.scheme = Url::Scheme::Unix;
    if (rest.starts_with("//")) rest.remove_prefix(2);
    const std::size_t colon = rest.find(':');
    url.socket_path = rest.substr(0, colon);
    if (!url.socket_path.starts_with('/') || url.socket_path.size() > 107)
        return bad_url("net.url.socket_path");
    if (colon != std::string_view::npos) {
        LUMOZ_TRY(url.prefix, parse_prefix(rest.substr(colon + 1)));
    }
    return url;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
    if (text.starts_with("unix:")) return parse_unix(text.substr(5));
    Url url;
    if (text.starts_with("https://")) {
        url.scheme = Url::Scheme::Https;
        text.remove_prefix(8);
    } else if (text.starts_with("http://")) {
        text.remove_prefix(7);
    } else {
        return bad_url("net.url.scheme");
    }
    url.port = url.scheme == Url::Scheme::Https ? 443 : 80;
    const std::size_t slash = std::min(text.find('/'), text.size());
    std::string_view authority = text.substr(0, slash);
    LUMOZ_TRY(url.prefix, parse_prefix(text.substr(slash)));
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        if (end == std::string_view::npos) return bad_url("net.url.host");
        url.host = authority.substr(1, end - 1);
        authority.remove_prefix(end + 1);
        const bool v6 = std::ranges::all_of(url.host, [](char c) { return is_host_char(c) || c == ':'; });
        if (url.host.empty() || !v6) return bad_url("net.url.host");
    } else {
        const std::size_t colon = std::min(authority.find(':'), authority.size());
        url.host = authority.substr(0, colon);
        authority.remove_prefix(colon);
        if (url.host.empty() || !std::ranges::all_of(url.host, is_host_char)) return bad_url("net.url.host");
    }
    if (authority.empty()) return url;
    if (authority.front() != ':') return bad_url("net.url.authority");
    LUMOZ_TRY(url.port, parse_port(authority.substr(1)));
    return url;
}

std::string Url::authority() const {
    if (scheme == Scheme::Unix) return "localhost";
    const std::string name = host.contains(':') ? "[" + host + "]" : host;
    const std::uint16_t usual = scheme == Scheme::Https ? 443 : 80;
    return port == usual ? name : name + ":" + std::to_string(port);
}

bool Url::is_loopback() const {
    return scheme == Scheme::Unix || host == "localhost" || host == "::1" ||
           (host.starts_with("127.") &&
            std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); }));
}

}  // namespace lumoz::net

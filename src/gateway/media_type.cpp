// SPDX-License-Identifier: Apache-2.0
#include "gateway/media_type.hpp"

#include "base/trim.hpp"
#include "net/http.hpp"

namespace lumoz::gateway {
namespace {

std::string_view trim(std::string_view text) {
    return trimmed(text, " \t");
}

/// Cuts the value of one parameter off the front of `rest`; nothing when it is not well-formed.
std::optional<std::string_view> take_value(std::string_view& rest) {
    std::string_view value;
    if (rest.starts_with('"')) {
        const std::size_t end = rest.find('"', 1);
        if (end == std::string_view::npos) return std::nullopt;
        value = rest.substr(1, end - 1);
        if (value.contains('\\')) return std::nullopt;
        rest = trim(rest.substr(end + 1));
    } else {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        value = trim(rest.substr(0, end));
        if (value.empty() || value.find_first_of(" \t\",") != std::string_view::npos) return std::nullopt;
        rest.remove_prefix(end);
    }
    if (rest.empty()) return value;
    if (!rest.starts_with(';')) return std::nullopt;
    rest.remove_prefix(1);
    return value;
}

}  // namespace

bool is_media_type(std::string_view content_type, std::string_view type) {
    return net::iequals(trim(content_type.substr(0, content_type.find(';'))), type);
}

std::optional<std::string> media_parameter(std::string_view content_type, std::string_view name) {
    const std::size_t begin = content_type.find(';');
    if (begin == std::string_view::npos) return std::nullopt;
    std::string_view rest = content_type.substr(begin + 1);
    std::optional<std::string> found;
    while (!trim(rest).empty()) {
        const std::size_t equals = rest.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string_view key = trim(rest.substr(0, equals));
        rest = rest.substr(equals + 1);
        const std::optional<std::string_view> value = take_value(rest);
        if (!value) return std::nullopt;
        if (!net::iequals(key, name)) continue;
        if (found) return std::nullopt;
        found = std::string(*value);
    }
    return found;
}

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
#include "verify/form_values.hpp"

#include "crypto/sha2.hpp"

namespace lumoz::verify {
namespace {

constexpr std::size_t kMaxBoundary = 72;  ///< with its two dashes (RFC 2046 5.1.1)

}  // namespace

std::optional<Digest256> form_values_sha256(ByteView body) {
    std::string_view rest = as_text(body);
    const std::size_t line = rest.find("\r\n");
    // No line end is a line of any length.
    if (line > kMaxBoundary || line < 3 || !rest.starts_with("--")) return std::nullopt;
    const std::string boundary = "\r\n" + std::string(rest.substr(0, line));
    rest.remove_prefix(line);
    crypto::Sha256 hash;
    while (rest.starts_with("\r\n")) {
        const std::size_t value = rest.find("\r\n\r\n");
        if (value == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(value + 4);
        const std::size_t end = rest.find(boundary);
        if (end == std::string_view::npos) return std::nullopt;
        hash.update(as_bytes(rest.substr(0, end)));
        rest.remove_prefix(end + boundary.size());
    }
    if (!rest.starts_with("--")) return std::nullopt;
    return hash.finish();
}

}  // namespace lumoz::verify

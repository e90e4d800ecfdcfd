// SPDX-License-Identifier: Apache-2.0
// Certificates that we write: self-signed, and the request for a public one.
#pragma once

#include "crypto/p256.hpp"

#include <string>
#include <vector>

namespace lumoz::net {

/// Certificate (PEM) of a P-256 key signed by itself. `names`: DNS names or IP addresses for subjectAltName;
/// the first is the common name. Times in seconds since 1970. Requires: at least one name.
[[nodiscard]] std::string make_self_signed(const crypto::P256Key& key, const std::vector<std::string>& names,
                                           std::int64_t not_before, std::int64_t not_after);

/// Certificate request (PKCS #10, RFC 2986, PEM) for a P-256 key, signed by it. The names are in the request
/// for subjectAltName; the first is also the common name if it has at most 64 bytes. Requires: at least one
/// name.
[[nodiscard]] std::string make_certificate_request(const crypto::P256Key& key,
                                                   const std::vector<std::string>& names);

}  // namespace lumoz::net

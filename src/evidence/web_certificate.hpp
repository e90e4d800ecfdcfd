// SPDX-License-Identifier: Apache-2.0
// What a web server's certificate says about itself: the digest of its key, its names, its dates. Any
// algorithm; its signature and its issuer are not looked at, so nothing here is believed before evidence
// vouches for the key.
#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"

#include <optional>

namespace lumoz::evidence {

struct WebCertificate {
    Digest256 spki_sha256;
    std::vector<std::string> dns_names;  ///< of subjectAltName, as they stand; at most 256
    UnixTime not_before = 0;
    UnixTime not_after = 0;

    /// First block of a PEM text, at most 64 KiB. `E_CERT_PARSE` (refused).
    static Result<WebCertificate> parse_pem(std::string_view pem);
    static Result<WebCertificate> parse(ByteView der);
    /// Bytes that names carry in base32 chunks: `NN` + chunk + `.` + label + `.` + anything, in order of NN.
    /// Nothing when there is no such name, or when they are not one whole series.
    [[nodiscard]] std::optional<Bytes> carried(std::string_view label) const;
};

}  // namespace lumoz::evidence

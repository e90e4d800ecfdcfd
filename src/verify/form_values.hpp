// SPDX-License-Identifier: Apache-2.0
// How one compatible service hashes a multipart request for its signed text (specification api.md 4.1): the
// field values one after the other. Names, file names and boundaries are not covered, so different forms have
// the same hash: good for saying what a foreign signature is over, never for accepting it.
#pragma once

#include "base/bytes.hpp"

#include <optional>

namespace lumoz::verify {

/// SHA-256 of the concatenated values of a multipart body (RFC 7578) whose first line is its boundary;
/// nothing when it is not one.
[[nodiscard]] std::optional<Digest256> form_values_sha256(ByteView body);

}  // namespace lumoz::verify

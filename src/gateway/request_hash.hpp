// SPDX-License-Identifier: Apache-2.0
// `X-Request-Hash`: the hash of what the client of a trusted gateway sent, instead of ours
// (specs/api.md 4.1). Only credentials that the configuration names may do that; from all others the header
// means nothing.
#pragma once

#include "gateway/call.hpp"

namespace lumoz::gateway {

/// The hash to sign instead of that of the bytes received; nothing where there is none or it does not count.
/// 400 when a credential that may give one gives something else than 64 hex digits, once.
[[nodiscard]] std::expected<std::optional<Digest256>, ApiError> substituted_hash(const Call& call);
/// The receipt's event that says so: canonical JSON. `received`: hash of what came.
[[nodiscard]] std::string substituted_hash_event(std::string_view credential, const Digest256& received);

}  // namespace lumoz::gateway

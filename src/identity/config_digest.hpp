// SPDX-License-Identifier: Apache-2.0
// `config_sha256` of statement and receipts: SHA-256 of the RFC 8785 form of the effective configuration.
#pragma once

#include "base/bytes.hpp"

namespace lumoz::identity {

/// `effective_json`: one JSON object, every setting with the value in force, secrets left out, at most 1 MiB.
/// `E_CONFIG_JSON` when it is not that.
Result<Digest256> config_sha256(std::string_view effective_json);

}  // namespace lumoz::identity

// SPDX-License-Identifier: Apache-2.0
// Ids for answers that have none (specs/api.md 4.3): put in at a byte span, every other byte stays (design
// decision 23).
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>

namespace lumoz::gateway {

/// Puts `"id":"<prefix>-<24 hex>"` in as the first member of a JSON object without a member `id`, and says
/// which id it is. Anything else is left alone: no object, not strict JSON, an `id` of any kind.
[[nodiscard]] std::optional<std::string> insert_id(Bytes& body, std::string_view prefix);
/// The receipt's event that says so: canonical JSON. `engine_body`: hash of the engine's bytes.
[[nodiscard]] std::string inserted_id_event(const Digest256& engine_body);

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// The turns of a Messages request as chat turns.
#pragma once

#include "translate/json_parts.hpp"

namespace lumoz::translate {

/// Writes what stands in `system`: a text, or text blocks joined.
[[nodiscard]] Status write_messages_system(json::Writer& out, const json::Value& system);
/// Writes one element of `messages`, which may become several: a user's tool results are turns of their own.
/// `at` names it for refusals.
[[nodiscard]] Status write_messages_turn(json::Writer& out, const json::Value& turn, std::string_view at);

}  // namespace lumoz::translate

// SPDX-License-Identifier: Apache-2.0
// The input of a Responses request as chat turns.
#pragma once

#include "translate/json_parts.hpp"

namespace lumoz::translate {

/// Writes `input`: a text, or items in their order. Items of one assistant's turn (reasoning, message, calls)
/// become one chat turn.
[[nodiscard]] Status write_responses_input(json::Writer& out, const json::Value& input);

}  // namespace lumoz::translate

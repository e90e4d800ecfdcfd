// SPDX-License-Identifier: Apache-2.0
// A request made fit for an engine that refuses what its protocol does not have: unknown members are left
// out, sampling numbers outside of the protocol's range are moved to its edge. Everything else keeps its
// bytes.
#pragma once

#include "translate/json_parts.hpp"

namespace lumoz::translate {

enum class RequestForm : std::uint8_t { Chat, Completions, Responses, Messages };

/// The tidied request. `E_TRANSLATE_REQUEST` for a sampling member that is no number (a text
/// `gateway-default` stands for the protocol's default). Requires: `body` is an object.
[[nodiscard]] Result<std::string> tidy_request(RequestForm form, const json::Value& body);

}  // namespace lumoz::translate

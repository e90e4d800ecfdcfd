// SPDX-License-Identifier: Apache-2.0
// What requests of all protocols say alike: the model, the tools, the wish for a stream.
#pragma once

#include "translate/json_parts.hpp"

namespace lumoz::translate {

/// Writes `model`, which may be absent. Returns the content of its JSON string, escaped as it stands.
[[nodiscard]] Result<std::string> write_model(json::Writer& out, const json::Value& body);
/// Writes `stream` for an engine that speaks chat completions, and asks it for the usage at the end.
[[nodiscard]] Status write_stream(json::Writer& out, const json::Value& body);

/// More tools than any model is told of; each may grow by a default schema.
inline constexpr std::size_t kMaxTools = 4'096;

/// Writes one tool; `at` names it for refusals.
using WriteTool = Status (*)(json::Writer& out, const json::Value& tool, std::string_view at);
/// Writes `tools` of the body, each by `write`; nothing when there are none.
[[nodiscard]] Status write_tools(json::Writer& out, const json::Value& body, WriteTool write);
/// `"tool_choice":{"type":"function","function":{"name":…}}`
void write_chosen_function(json::Writer& out, const json::Value& name);

}  // namespace lumoz::translate

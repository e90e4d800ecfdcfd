// SPDX-License-Identifier: Apache-2.0
// Writes the `messages` of a chat-completions request turn by turn. Texts come and go in their escaped form.
#pragma once

#include "translate/json_parts.hpp"

namespace lumoz::translate {

/// A piece of a user's turn: a text, or the URL of an image.
struct UserPart {
    bool image = false;
    std::string content;      ///< escaped content of a JSON string
    std::string detail = {};  ///< raw value of the image's `detail`; empty: none
};

/// A call of a function by the model.
struct AssistantCall {
    std::string id;         ///< escaped
    std::string name;       ///< escaped
    std::string arguments;  ///< escaped JSON text
};

/// What the model said in one turn.
struct AssistantTurn {
    std::string text;       ///< escaped
    std::string reasoning;  ///< escaped
    std::vector<AssistantCall> calls;
    bool any = false;  ///< something belongs to it, if only an empty text
};

/// `{"role":"system","content":text}`
void write_system(json::Writer& out, std::string_view text);
/// One text alone is a text, anything else an array of parts. Nothing when there are no parts.
void write_user(json::Writer& out, const std::vector<UserPart>& parts);
void write_assistant(json::Writer& out, const AssistantTurn& turn);
void write_tool_result(json::Writer& out, std::string_view call_id, std::string_view text);
/// The JSON text `json` as escaped content of a JSON string, white space outside of its strings removed.
[[nodiscard]] std::string escaped_json(std::string_view json);

}  // namespace lumoz::translate

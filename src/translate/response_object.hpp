// SPDX-License-Identifier: Apache-2.0
// The object `response` of the Responses API and its output items.
#pragma once

#include "translate/chat_answer.hpp"

namespace lumoz::translate {

enum class OutputKind : std::uint8_t { Text, Refusal, Reasoning, Call };

/// One item of `output`. Texts are escaped.
struct OutputItem {
    OutputKind kind;
    std::string id;
    std::string content = {};  ///< the text, or a call's arguments
    std::string call_id = {};
    std::string name = {};
};

/// The item as JSON; while it is not `complete` its content is still empty.
[[nodiscard]] std::string item_json(const OutputItem& item, bool complete);
/// The one content part of a text, refusal or reasoning item.
[[nodiscard]] std::string part_json(OutputKind kind, std::string_view content);
/// `output_text`, `refusal`, `reasoning_text`.
[[nodiscard]] std::string_view part_type(OutputKind kind);

struct ResponseObject {
    std::string id;     ///< escaped
    std::string model;  ///< escaped
    std::int64_t created = 0;
    std::vector<std::string> output;  ///< complete items as JSON
    std::optional<ChatUsage> usage;

    /// An item's id: `msg_`, `rs_` or `fc_`, the response's id, the item's position.
    [[nodiscard]] std::string item_id(OutputKind kind) const;
    /// `finish` is the engine's reason, empty while the response is in progress; `echo` as in ChatRequest.
    [[nodiscard]] std::string json(std::string_view status, std::string_view finish,
                                   std::string_view echo) const;
};

/// `completed`, or `incomplete` when the engine stopped early.
[[nodiscard]] std::string_view response_status(std::string_view finish);

}  // namespace lumoz::translate

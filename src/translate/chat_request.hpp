// SPDX-License-Identifier: Apache-2.0
// A request to an engine that speaks chat completions only, made from a request of another protocol. The
// clients' protocols are Anthropic's Messages API and OpenAI's Responses API; what moves over, what is
// dropped and what is refused stands in docs/translation.md.
#pragma once

#include "translate/json_parts.hpp"

namespace lumoz::translate {

/// The engine's request, and what the way back must know of the client's.
struct ChatRequest {
    std::string body;                ///< JSON for `/v1/chat/completions`
    std::string model;               ///< content of the JSON string `model`, escaped as the client wrote it
    std::vector<std::string> stops;  ///< stop sequences, unescaped
    /// Responses only: the members that its answer repeats, `"name":value` with commas between.
    std::string echo;
};

/// `POST /v1/messages`. `E_TRANSLATE_REQUEST` with a text for the client. Requires: `body` was read with
/// bounded size and depth and is an object.
[[nodiscard]] Result<ChatRequest> chat_from_messages(const json::Value& body);
/// `POST /v1/responses`, its stateless part.
[[nodiscard]] Result<ChatRequest> chat_from_responses(const json::Value& body);

}  // namespace lumoz::translate

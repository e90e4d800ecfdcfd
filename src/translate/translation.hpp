// SPDX-License-Identifier: Apache-2.0
// One exchange between a client and an engine of another protocol: Anthropic's Messages or OpenAI's Responses
// API before an engine that speaks chat completions, or chat completions before an engine that speaks
// Messages. Knows nothing of HTTP; docs/translation.md says what moves over, what is dropped and what is
// refused.
#pragma once

#include "translate/chat_request.hpp"
#include "translate/event_stream.hpp"

#include <memory>

namespace lumoz::translate {

/// From which protocol to which.
enum class Protocol : std::uint8_t {
    Messages,   ///< client: Messages; engine: chat completions
    Responses,  ///< client: Responses; engine: chat completions
    Chat,       ///< client: chat completions; engine: Messages
};

class Translation {
public:
    /// Reads the client's request. `E_TRANSLATE_REQUEST`: it asks for what has no counterpart; the detail is
    /// meant for the client and holds nothing of what it wrote. `E_JSON`: not within `limits`.
    static Result<std::unique_ptr<Translation>> of(Protocol protocol, std::string_view request,
                                                   const json::Limits& limits, AnswerFacts facts);
    Translation(const Translation&) = delete;
    Translation& operator=(const Translation&) = delete;

    [[nodiscard]] Protocol protocol() const { return protocol_; }
    /// The engine's path: `/v1/chat/completions` or `/v1/messages`.
    [[nodiscard]] std::string_view target() const;
    /// The body for it.
    [[nodiscard]] const std::string& request() const { return request_.body; }
    /// A whole answer of the engine as the client's. `E_TRANSLATE_ANSWER`.
    [[nodiscard]] Result<std::string> answer(std::string_view engine_answer) const;
    /// The next bytes of the engine's event stream; `out` is what the client gets for them, of an error too.
    /// `E_TRANSLATE_ANSWER`: nothing more may be fed.
    Status piece(ByteView bytes, std::string& out);
    /// The receipt's event, canonical JSON: `{"from":…,"to":…,"type":"lumoz.translated"}`.
    [[nodiscard]] std::string_view receipt_event() const;

private:
    Translation(Protocol protocol, ChatRequest request, AnswerFacts facts);

    Protocol protocol_;
    ChatRequest request_;
    AnswerFacts facts_;
    std::unique_ptr<EventStream> stream_;  ///< refers to `request_`
};

}  // namespace lumoz::translate

// SPDX-License-Identifier: Apache-2.0
// Chat-completions answers as answers of OpenAI's Responses API.
#pragma once

#include "translate/chat_request.hpp"
#include "translate/chat_stream.hpp"
#include "translate/response_object.hpp"

namespace lumoz::translate {

/// A whole answer. `E_TRANSLATE_ANSWER` when it is not one.
[[nodiscard]] Result<std::string> response_from_chat(std::string_view chat, const ChatRequest& request,
                                                     const AnswerFacts& facts);

/// A stream: response.created, response.in_progress, each output item with its parts and deltas, and
/// response.completed or response.incomplete with everything once more.
class ResponsesStream final : public ChatStream {
public:
    /// Requires: `request` outlives it.
    ResponsesStream(const ChatRequest& request, AnswerFacts facts)
        : request_(request), facts_(std::move(facts)) {}

private:
    Status chunk(const ChatAnswer& answer) override;
    Status finish() override;
    void keep_alive() override {}
    void start(const ChatAnswer& answer);
    Status write_text(OutputKind kind, std::string_view content);
    Status write_call(const ChatCall& call);
    /// Requires: no item is open.
    void open(OutputItem item);
    Status grow(std::string_view content);
    void close();
    json::Writer begin_event(std::string_view type);
    void send(std::string_view type, json::Writer& event);

    const ChatRequest& request_;
    AnswerFacts facts_;
    ResponseObject response_;
    bool started_ = false;
    std::int64_t sequence_ = 0;
    std::optional<OutputItem> item_;  ///< the one that is open
    std::size_t kept_ = 0;            ///< bytes of all items and of what frames them
    std::string finish_;
};

}  // namespace lumoz::translate

// SPDX-License-Identifier: Apache-2.0
// The other direction: a client that speaks chat completions, and an engine that speaks Anthropic's Messages
// only.
#pragma once

#include "translate/event_stream.hpp"
#include "translate/json_parts.hpp"

namespace lumoz::translate {

/// The engine's request. `E_TRANSLATE_REQUEST` with a text for the client. Requires: `body` was read with
/// bounded size and depth and is an object.
[[nodiscard]] Result<std::string> messages_from_chat_request(const json::Value& body);

/// A whole answer as a chat completion. `E_TRANSLATE_ANSWER`.
[[nodiscard]] Result<std::string> chat_from_messages_answer(std::string_view answer,
                                                            const AnswerFacts& facts);

/// The engine's stream as chat-completions chunks; events of the older text completion become
/// `text_completion` chunks. `data: [DONE]` comes with message_stop, or with the engine's own.
class MessagesEngineStream final : public EventStream {
public:
    explicit MessagesEngineStream(AnswerFacts facts) : facts_(std::move(facts)) {}

private:
    Status take(std::string_view data) override;
    Status finish() override;
    void keep_alive() override;
    Status message_start(const json::Value& event);
    Status block_start(const json::Value& event);
    Status block_delta(const json::Value& event);
    Status message_delta(const json::Value& event);
    Status completion(const json::Value& event);
    void chunk(std::string_view delta, std::string_view reason, std::string_view usage);
    void emit(json::Writer chunk);

    AnswerFacts facts_;
    std::string id_;     ///< escaped
    std::string model_;  ///< escaped
    std::int64_t prompt_ = 0;
    std::int64_t cached_ = 0;
    std::int64_t calls_ = 0;  ///< begun so far
    bool in_call_ = false;    ///< the block that began last is a call
    bool started_ = false;
};

}  // namespace lumoz::translate

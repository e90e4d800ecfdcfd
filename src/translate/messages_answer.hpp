// SPDX-License-Identifier: Apache-2.0
// Chat-completions answers as answers of Anthropic's Messages API.
#pragma once

#include "translate/chat_request.hpp"
#include "translate/chat_stream.hpp"

namespace lumoz::translate {

/// A whole answer. `E_TRANSLATE_ANSWER` when it is not one, or its tool arguments are no JSON object.
[[nodiscard]] Result<std::string> messages_from_chat(std::string_view chat, const ChatRequest& request,
                                                     const AnswerFacts& facts);

/// A stream: message_start, blocks one after another (thinking, text, tool_use), message_delta with the stop
/// reason and the usage, message_stop. The engine's comments become `ping`.
class MessagesStream final : public ChatStream {
public:
    /// Requires: `request` outlives it.
    MessagesStream(const ChatRequest& request, AnswerFacts facts)
        : request_(request), facts_(std::move(facts)) {}

private:
    enum class Block : std::uint8_t { None, Text, Thinking, Tool };

    Status chunk(const ChatAnswer& answer) override;
    Status finish() override;
    void keep_alive() override;
    void start(const ChatAnswer& answer);
    void open(Block kind, std::string_view block_json);
    void close();
    void delta(std::string_view type, std::string_view name, std::string_view content);
    void write_text(Block kind, std::string_view content);
    Status write_call(const ChatCall& call);

    const ChatRequest& request_;
    AnswerFacts facts_;
    std::string id_;
    bool started_ = false;
    Block block_ = Block::None;
    std::size_t blocks_ = 0;  ///< opened so far
    std::string finish_;
    std::optional<std::string> stop_text_;
    ChatUsage usage_;
};

}  // namespace lumoz::translate

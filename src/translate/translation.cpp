// SPDX-License-Identifier: Apache-2.0
#include "translate/translation.hpp"

#include "translate/messages_answer.hpp"
#include "translate/responses_answer.hpp"

namespace lumoz::translate {

Translation::Translation(Protocol protocol, ChatRequest request, AnswerFacts facts)
    : protocol_(protocol), request_(std::move(request)), facts_(std::move(facts)) {}

Result<std::unique_ptr<Translation>> Translation::of(Protocol protocol, std::string_view request,
                                                     const json::Limits& limits, AnswerFacts facts) {
    LUMOZ_TRY(const json::Document document, json::Document::parse(request, limits));
    const json::Value root = document.root();
    if (!root.is_object()) return refuse("", "The request body must be a JSON object");
    LUMOZ_TRY(ChatRequest made,
              protocol == Protocol::Messages ? chat_from_messages(root) : chat_from_responses(root));
    return std::unique_ptr<Translation>(new Translation(protocol, std::move(made), std::move(facts)));
}

Result<std::string> Translation::answer(std::string_view chat) const {
    return protocol_ == Protocol::Messages ? messages_from_chat(chat, request_, facts_)
                                           : response_from_chat(chat, request_, facts_);
}

Status Translation::piece(ByteView bytes, std::string& out) {
    if (!stream_) {
        if (protocol_ == Protocol::Messages) {
            stream_ = std::make_unique<MessagesStream>(request_, facts_);
        } else {
            stream_ = std::make_unique<ResponsesStream>(request_, facts_);
        }
    }
    return stream_->feed(bytes, out);
}

std::string_view Translation::receipt_event() const {
    return protocol_ == Protocol::Messages
               ? R"({"from":"messages","to":"chat.completions","type":"lumoz.translated"})"
               : R"({"from":"responses","to":"chat.completions","type":"lumoz.translated"})";
}

}  // namespace lumoz::translate

// SPDX-License-Identifier: Apache-2.0
#include "translate/translation.hpp"

#include "translate/messages_answer.hpp"
#include "translate/messages_engine.hpp"
#include "translate/responses_answer.hpp"

namespace lumoz::translate {
namespace {

Result<ChatRequest> translated(Protocol protocol, const json::Value& body) {
    if (protocol == Protocol::Messages) return chat_from_messages(body);
    if (protocol == Protocol::Responses) return chat_from_responses(body);
    ChatRequest out;
    LUMOZ_TRY(out.body, messages_from_chat_request(body));
    return out;
}

std::unique_ptr<EventStream> stream_of(Protocol protocol, const ChatRequest& request,
                                       const AnswerFacts& facts) {
    if (protocol == Protocol::Messages) return std::make_unique<MessagesStream>(request, facts);
    if (protocol == Protocol::Responses) return std::make_unique<ResponsesStream>(request, facts);
    return std::make_unique<MessagesEngineStream>(facts);
}

}  // namespace

Translation::Translation(Protocol protocol, ChatRequest request, AnswerFacts facts)
    : protocol_(protocol),
      request_(std::move(request)),
      facts_(std::move(facts)),
      stream_(stream_of(protocol, request_, facts_)) {}

Result<std::unique_ptr<Translation>> Translation::of(Protocol protocol, std::string_view request,
                                                     const json::Limits& limits, AnswerFacts facts) {
    LUMOZ_TRY(const json::Document document, json::Document::parse(request, limits));
    const json::Value root = document.root();
    if (!root.is_object()) return refuse("", "The request body must be a JSON object");
    LUMOZ_TRY(ChatRequest made, translated(protocol, root));
    return std::unique_ptr<Translation>(new Translation(protocol, std::move(made), std::move(facts)));
}

std::string_view Translation::target() const {
    return protocol_ == Protocol::Chat ? "/v1/messages" : "/v1/chat/completions";
}

Result<std::string> Translation::answer(std::string_view engine_answer) const {
    switch (protocol_) {
        case Protocol::Messages:
            return messages_from_chat(engine_answer, request_, facts_);
        case Protocol::Responses:
            return response_from_chat(engine_answer, request_, facts_);
        case Protocol::Chat:
            break;
    }
    return chat_from_messages_answer(engine_answer, facts_);
}

Status Translation::piece(ByteView bytes, std::string& out) {
    return stream_->feed(bytes, out);
}

std::string_view Translation::receipt_event() const {
    switch (protocol_) {
        case Protocol::Messages:
            return R"({"from":"messages","to":"chat.completions","type":"lumoz.translated"})";
        case Protocol::Responses:
            return R"({"from":"responses","to":"chat.completions","type":"lumoz.translated"})";
        case Protocol::Chat:
            break;
    }
    return R"({"from":"chat.completions","to":"messages","type":"lumoz.translated"})";
}

}  // namespace lumoz::translate

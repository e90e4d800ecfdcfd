// SPDX-License-Identifier: Apache-2.0
#include "translate/chat_answer.hpp"

namespace lumoz::translate {
namespace {

using json::Value;

/// A text, absent, null, or an array of text parts as some engines write it.
Result<std::string> content_text(const Value& message, std::string_view name) {
    const std::optional<Value> found = present(message, name);
    if (!found) return std::string();
    if (found->is_string()) return std::string(inner(*found));
    if (!found->is_array()) return garbage(name, "not a text");
    std::string out;
    for (const Value& part : found->elements()) {
        const std::optional<Value> text = part.find("text");
        if (!text || !text->is_string()) return garbage(name, "a part is not a text");
        out += inner(*text);
    }
    return out;
}

Result<std::int64_t> detail_count(const Value& usage, std::string_view group, std::string_view name) {
    const std::optional<Value> details = present(usage, group);
    if (!details) return std::int64_t{0};
    return count(*details, name);
}

Result<ChatUsage> read_usage(const Value& usage) {
    if (!usage.is_object()) return garbage("usage", "not an object");
    ChatUsage out;
    LUMOZ_TRY(out.prompt, count(usage, "prompt_tokens"));
    LUMOZ_TRY(out.completion, count(usage, "completion_tokens"));
    LUMOZ_TRY(out.cached, detail_count(usage, "prompt_tokens_details", "cached_tokens"));
    LUMOZ_TRY(out.reasoning, detail_count(usage, "completion_tokens_details", "reasoning_tokens"));
    out.cached = std::min(out.cached, out.prompt);
    out.reasoning = std::min(out.reasoning, out.completion);
    return out;
}

Result<ChatCall> read_call(const Value& value) {
    if (!value.is_object()) return garbage("tool_calls", "not an object");
    ChatCall call;
    if (const std::optional<Value> index = present(value, "index")) {
        call.index = index->as_int();
        if (!call.index || *call.index < 0) return garbage("tool_calls.index", "not an index");
    }
    LUMOZ_TRY(call.id, short_text(value, "id"));
    const std::optional<Value> function = present(value, "function");
    if (!function) return call;
    LUMOZ_TRY(call.name, short_text(*function, "name"));
    const std::optional<Value> arguments = present(*function, "arguments");
    if (!arguments) return call;
    if (arguments->is_string()) {
        call.arguments = inner(*arguments);
    } else if (arguments->is_object()) {
        // Some engines forget that arguments are a text.
        const std::string text = json::quoted(arguments->raw());
        call.arguments = text.substr(1, text.size() - 2);
    } else {
        return garbage("tool_calls.function.arguments", "not a text");
    }
    return call;
}

Status read_message(ChatAnswer& out, const Value& message) {
    LUMOZ_TRY(out.text, content_text(message, "content"));
    LUMOZ_TRY(out.refusal, content_text(message, "refusal"));
    LUMOZ_TRY(out.reasoning, content_text(message, "reasoning_content"));
    // The same under the name that newer engines write; both at once say the same.
    if (out.reasoning.empty()) {
        LUMOZ_TRY(out.reasoning, content_text(message, "reasoning"));
    }
    const std::optional<Value> calls = present(message, "tool_calls");
    if (!calls) return {};
    if (!calls->is_array() || calls->size() > kMaxCalls) return garbage("tool_calls", "not a list");
    for (const Value& value : calls->elements()) {
        LUMOZ_TRY(ChatCall call, read_call(value));
        out.calls.push_back(std::move(call));
    }
    return {};
}

Status read_choice(ChatAnswer& out, const Value& choice, ChatForm form) {
    if (!choice.is_object()) return garbage("choices", "not an object");
    // A stream can interleave choices; only the first was asked for.
    if (const std::optional<Value> index = present(choice, "index"); index && index->as_int() != 0) return {};
    out.choice = true;
    LUMOZ_TRY(out.finish, short_text(choice, "finish_reason"));
    if (const std::optional<Value> stop = present(choice, "stop_reason")) out.stop_text = stop->as_string();
    const std::optional<Value> message = present(choice, form == ChatForm::Whole ? "message" : "delta");
    if (!message && form == ChatForm::Chunk) return {};
    if (!message || !message->is_object()) return garbage("choices.message", "not an object");
    return read_message(out, *message);
}

}  // namespace

Result<ChatAnswer> read_chat(std::string_view text, ChatForm form) {
    const Result<json::Document> document = json::Document::parse(text, kAnswerLimits);
    if (!document) return garbage("", "not JSON");
    const Value root = document->root();
    if (!root.is_object()) return garbage("", "not an object");
    if (present(root, "error")) return garbage("error", "the engine failed");
    ChatAnswer out;
    LUMOZ_TRY(out.id, short_text(root, "id"));
    LUMOZ_TRY(out.model, short_text(root, "model"));
    if (const std::optional<Value> created = present(root, "created")) out.created = created->as_int();
    if (const std::optional<Value> usage = present(root, "usage")) {
        LUMOZ_TRY(out.usage, read_usage(*usage));
    }
    const std::optional<Value> choices = present(root, "choices");
    if (!choices || !choices->is_array()) return garbage("choices", "not a list");
    const std::vector<Value> list = choices->elements();
    if (!list.empty()) {
        LUMOZ_CHECK_OK(read_choice(out, list[0], form));
    }
    if (form == ChatForm::Whole && !out.choice) return garbage("choices", "empty");
    return out;
}

}  // namespace lumoz::translate

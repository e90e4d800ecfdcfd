// SPDX-License-Identifier: Apache-2.0
#include "translate/chat_turn.hpp"
#include "translate/engine_parts.hpp"
#include "translate/messages_engine.hpp"

namespace lumoz::translate {
namespace {

using json::Value;

std::string_view finish_of(std::string_view stop_reason) {
    if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded") return "length";
    if (stop_reason == "tool_use") return "tool_calls";
    if (stop_reason == "refusal") return "content_filter";
    return "stop";
}

Result<std::string_view> text(const Value& object, std::string_view name) {
    const std::optional<Value> found = object.find(name);
    if (!found || !found->is_string()) return garbage(name, "not a text");
    return inner(*found);
}

struct Usage {
    std::int64_t prompt = 0;  ///< what came from the cache included
    std::int64_t cached = 0;
    std::int64_t completion = 0;
};

Result<Usage> read_usage(const Value& owner) {
    Usage out;
    const std::optional<Value> usage = present(owner, "usage");
    if (!usage) return out;
    LUMOZ_TRY(const std::int64_t input, count(*usage, "input_tokens"));
    LUMOZ_TRY(const std::int64_t written, count(*usage, "cache_creation_input_tokens"));
    LUMOZ_TRY(out.cached, count(*usage, "cache_read_input_tokens"));
    LUMOZ_TRY(out.completion, count(*usage, "output_tokens"));
    out.prompt = input + written + out.cached;
    return out;
}

std::string usage_json(const Usage& usage) {
    json::Writer out;
    out.object().key("prompt_tokens").integer(usage.prompt);
    out.key("completion_tokens").integer(usage.completion);
    out.key("total_tokens").integer(usage.prompt + usage.completion);
    if (usage.cached > 0) out.key("cache_read_input_tokens").integer(usage.cached);
    out.end();
    return std::move(out).text();
}

Status add_block(AssistantTurn& turn, const Value& block) {
    LUMOZ_TRY(const std::string type, short_text(block, "type"));
    if (type == "text") {
        LUMOZ_TRY(const std::string_view piece, text(block, "text"));
        turn.text += piece;
    } else if (type == "thinking") {
        LUMOZ_TRY(const std::string_view piece, text(block, "thinking"));
        turn.reasoning += piece;
    } else if (type == "tool_use") {
        const std::optional<Value> input = block.find("input");
        if (!input || !input->is_object()) return garbage("content.input", "not an object");
        if (std::ssize(turn.calls) >= kMaxCalls) return garbage("content", "too many calls");
        AssistantCall call;
        LUMOZ_TRY(call.id, short_text(block, "id"));
        LUMOZ_TRY(call.name, short_text(block, "name"));
        call.arguments = escaped_json(input->raw());
        turn.calls.push_back(std::move(call));
    } else if (type != "redacted_thinking") {
        return garbage("content", "a block of a kind that was not asked for");
    }
    return {};
}

/// An answer or a chunk up to the inside of its one choice. Empty `id`: ours.
json::Writer begin_answer(std::string_view object, std::string_view id, std::string_view model,
                          const AnswerFacts& facts) {
    json::Writer out;
    out.object();
    member_inner(out, "id", id.empty() ? facts.id : id);
    out.key("object").string(object).key("created").integer(facts.now);
    member_inner(out, "model", model);
    out.key("provider").string("anthropic").key("choices").array().object();
    return out;
}

/// `reason` is escaped; empty while there is none.
void write_finish(json::Writer& out, std::string_view reason) {
    if (reason.empty()) {
        out.key("finish_reason").null();
    } else {
        member_inner(out, "finish_reason", reason);
    }
}

}  // namespace

Result<std::string> chat_from_messages_answer(std::string_view answer, const AnswerFacts& facts) {
    const Result<json::Document> document = json::Document::parse(answer, kAnswerLimits);
    if (!document || !document->root().is_object()) return garbage("", "not a JSON object");
    const Value root = document->root();
    if (present(root, "error")) return garbage("error", "the engine failed");
    const std::optional<Value> content = root.find("content");
    if (!content || !content->is_array()) return garbage("content", "not a list");
    AssistantTurn turn;
    for (const Value& block : content->elements()) {
        LUMOZ_CHECK_OK(add_block(turn, block));
    }
    LUMOZ_TRY(const std::string id, short_text(root, "id"));
    LUMOZ_TRY(const std::string model, short_text(root, "model"));
    LUMOZ_TRY(const std::string stop, short_text(root, "stop_reason"));
    LUMOZ_TRY(const Usage usage, read_usage(root));
    json::Writer out = begin_answer("chat.completion", id, model, facts);
    out.key("index").integer(0).key("message");
    write_assistant(out, turn);
    out.key("logprobs").null().key("finish_reason").string(finish_of(stop)).end().end();
    out.key("usage").raw(usage_json(usage)).end();
    return std::move(out).text();
}

void MessagesEngineStream::keep_alive() {
    if (started_) out_ += ":\n\n";
}

Status MessagesEngineStream::finish() {
    out_ += "data: [DONE]\n\n";
    return {};
}

Status MessagesEngineStream::take(std::string_view data) {
    const Result<json::Document> document = json::Document::parse(data, kAnswerLimits);
    if (!document || !document->root().is_object()) return garbage("stream", "not a JSON object");
    const Value root = document->root();
    if (present(root, "completion")) return completion(root);
    LUMOZ_TRY(const std::string type, short_text(root, "type"));
    if (type == "message_start") return message_start(root);
    if (type == "error") return garbage("stream", "the engine failed");
    if (!started_) return garbage("stream", "it does not begin with message_start");
    if (type == "content_block_start") return block_start(root);
    if (type == "content_block_delta") return block_delta(root);
    if (type == "message_delta") return message_delta(root);
    return type == "message_stop" ? end() : Status{};
}

/// Requires: `chunk` is whole but for its last brace.
void MessagesEngineStream::emit(json::Writer chunk) {
    chunk.end();
    out_ += "data: " + std::move(chunk).text() + "\n\n";
}

void MessagesEngineStream::chunk(std::string_view delta, std::string_view reason, std::string_view usage) {
    json::Writer out = begin_answer("chat.completion.chunk", id_, model_, facts_);
    out.key("index").integer(0).key("delta").raw(delta);
    if (usage.empty()) out.key("logprobs").null();
    write_finish(out, reason);
    out.end().end();
    if (!usage.empty()) out.key("usage").raw(usage);
    emit(std::move(out));
}

Status MessagesEngineStream::message_start(const Value& event) {
    const std::optional<Value> message = event.find("message");
    if (started_ || !message || !message->is_object()) return garbage("message_start", "not one message");
    started_ = true;
    LUMOZ_TRY(id_, short_text(*message, "id"));
    LUMOZ_TRY(model_, short_text(*message, "model"));
    LUMOZ_TRY(const Usage usage, read_usage(*message));
    prompt_ = usage.prompt;
    cached_ = usage.cached;
    chunk(R"({"content":""})", "", "");
    return {};
}

Status MessagesEngineStream::block_start(const Value& event) {
    const std::optional<Value> block = event.find("content_block");
    if (!block) return garbage("content_block_start", "no block");
    LUMOZ_TRY(const std::string type, short_text(*block, "type"));
    in_call_ = type == "tool_use";
    if (!in_call_) return {};
    if (calls_ >= kMaxCalls) return garbage("content_block_start", "too many calls");
    LUMOZ_TRY(const std::string id, short_text(*block, "id"));
    LUMOZ_TRY(const std::string name, short_text(*block, "name"));
    json::Writer delta;
    delta.object().key("tool_calls").array().object().key("index").integer(calls_++);
    member_inner(delta, "id", id);
    delta.key("type").string("function").key("function").object();
    member_inner(delta, "name", name);
    delta.key("arguments").string("").end().end().end().end();
    chunk(std::move(delta).text(), "", "");
    return {};
}

Status MessagesEngineStream::block_delta(const Value& event) {
    const std::optional<Value> given = event.find("delta");
    if (!given) return garbage("content_block_delta", "no delta");
    LUMOZ_TRY(const std::string type, short_text(*given, "type"));
    json::Writer delta;
    delta.object();
    if (type == "text_delta") {
        LUMOZ_TRY(const std::string_view piece, text(*given, "text"));
        member_inner(delta, "content", piece);
    } else if (type == "thinking_delta") {
        LUMOZ_TRY(const std::string_view piece, text(*given, "thinking"));
        member_inner(delta, "reasoning_content", piece);
    } else if (type == "input_json_delta") {
        if (!in_call_) return garbage("content_block_delta", "no call is open");
        LUMOZ_TRY(const std::string_view piece, text(*given, "partial_json"));
        delta.key("tool_calls").array().object().key("index").integer(calls_ - 1).key("function").object();
        member_inner(delta, "arguments", piece);
        delta.end().end().end();
    } else {
        return {};
    }
    delta.end();
    chunk(std::move(delta).text(), "", "");
    return {};
}

Status MessagesEngineStream::message_delta(const Value& event) {
    const std::optional<Value> delta = event.find("delta");
    if (!delta) return garbage("message_delta", "no delta");
    LUMOZ_TRY(const std::string stop, short_text(*delta, "stop_reason"));
    LUMOZ_TRY(Usage usage, read_usage(event));
    if (usage.prompt == 0) {
        usage.prompt = prompt_;
        usage.cached = cached_;
    }
    chunk("{}", finish_of(stop), usage_json(usage));
    return {};
}

Status MessagesEngineStream::completion(const Value& event) {
    LUMOZ_TRY(const std::string_view piece, text(event, "completion"));
    LUMOZ_TRY(const std::string id, short_text(event, "log_id"));
    LUMOZ_TRY(const std::string model, short_text(event, "model"));
    LUMOZ_TRY(const std::string stop, short_text(event, "stop_reason"));
    json::Writer out = begin_answer("text_completion", id, model, facts_);
    member_inner(out, "text", piece);
    out.key("index").integer(0).key("logprobs").null();
    write_finish(out, stop);
    out.end().end();
    emit(std::move(out));
    return {};
}

}  // namespace lumoz::translate

// SPDX-License-Identifier: Apache-2.0
#include "translate/messages_answer.hpp"

namespace lumoz::translate {
namespace {

struct Stop {
    std::string_view reason;
    std::optional<std::string> sequence;
};

Stop stop_of(std::string_view finish, bool has_calls, const std::optional<std::string>& stop_text,
             const ChatRequest& request) {
    if (finish == "length") return {"max_tokens", std::nullopt};
    if (finish == "content_filter") return {"refusal", std::nullopt};
    // Engines differ in what they call the end of a turn that calls tools.
    if (has_calls) return {"tool_use", std::nullopt};
    if (stop_text && std::ranges::find(request.stops, *stop_text) != request.stops.end())
        return {"stop_sequence", stop_text};
    return {"end_turn", std::nullopt};
}

void write_stop(json::Writer& out, const Stop& stop) {
    out.key("stop_reason").string(stop.reason).key("stop_sequence");
    if (stop.sequence) {
        out.string(*stop.sequence);
    } else {
        out.null();
    }
}

/// Anthropic counts what came from the cache beside the input, not in it.
void write_usage(json::Writer& out, const ChatUsage& usage) {
    out.key("usage").object().key("input_tokens").integer(usage.prompt - usage.cached);
    if (usage.cached > 0) out.key("cache_read_input_tokens").integer(usage.cached);
    out.key("output_tokens").integer(usage.completion).end();
}

void write_block(json::Writer& out, std::string_view type, std::string_view name, std::string_view content) {
    out.object().key("type").string(type);
    member_inner(out, name, content);
    if (type == "thinking") out.key("signature").string("");
    out.end();
}

std::string call_id(const ChatCall& call, std::string_view message_id, std::size_t position) {
    if (!call.id.empty()) return call.id;
    return "toolu_" + std::string(message_id) + "_" + std::to_string(position);
}

/// The arguments' text as the JSON object that it must be; byte for byte.
Result<std::string> input_of(const ChatCall& call) {
    if (call.arguments.empty()) return std::string("{}");
    const std::string quoted = "\"" + call.arguments + "\"";
    const Result<json::Document> text =
        json::Document::parse(quoted, {.max_bytes = kMaxAnswer + 2, .max_depth = 1});
    if (!text) return garbage("tool_calls.function.arguments", "not a text");
    std::string input = *text->root().as_string();
    const Result<json::Document> parsed = json::Document::parse(input, kAnswerLimits);
    if (!parsed || !parsed->root().is_object())
        return garbage("tool_calls.function.arguments", "not a JSON object");
    return std::string(parsed->root().raw());
}

Status write_content(json::Writer& out, const ChatAnswer& answer, std::string_view id) {
    out.key("content").array();
    if (!answer.reasoning.empty()) write_block(out, "thinking", "thinking", answer.reasoning);
    if (!answer.text.empty()) write_block(out, "text", "text", answer.text);
    if (!answer.refusal.empty()) write_block(out, "text", "text", answer.refusal);
    for (std::size_t i = 0; i < answer.calls.size(); ++i) {
        const ChatCall& call = answer.calls[i];
        if (call.name.empty()) return garbage("tool_calls.function.name", "missing");
        LUMOZ_TRY(const std::string input, input_of(call));
        out.object().key("type").string("tool_use");
        member_inner(out, "id", call_id(call, id, i));
        member_inner(out, "name", call.name);
        out.key("input").raw(input).end();
    }
    out.end();
    return {};
}

}  // namespace

Result<std::string> messages_from_chat(std::string_view chat, const ChatRequest& request,
                                       const AnswerFacts& facts) {
    LUMOZ_TRY(const ChatAnswer answer, read_chat(chat, ChatForm::Whole));
    const std::string& id = answer.id.empty() ? facts.id : answer.id;
    json::Writer out;
    out.object();
    member_inner(out, "id", id);
    out.key("type").string("message").key("role").string("assistant");
    member_inner(out, "model", answer.model.empty() ? request.model : answer.model);
    LUMOZ_CHECK_OK(write_content(out, answer, id));
    write_stop(out, stop_of(answer.finish, !answer.calls.empty(), answer.stop_text, request));
    write_usage(out, answer.usage.value_or(ChatUsage{}));
    out.end();
    return std::move(out).text();
}

void MessagesStream::start(const ChatAnswer& answer) {
    started_ = true;
    id_ = answer.id.empty() ? facts_.id : answer.id;
    json::Writer out;
    out.object().key("type").string("message_start").key("message").object();
    member_inner(out, "id", id_);
    out.key("type").string("message").key("role").string("assistant");
    member_inner(out, "model", answer.model.empty() ? request_.model : answer.model);
    out.key("content").array().end().key("stop_reason").null().key("stop_sequence").null();
    write_usage(out, answer.usage.value_or(ChatUsage{}));
    out.end().end();
    emit("message_start", std::move(out).text());
}

void MessagesStream::open(Block kind, std::string_view block_json) {
    close();
    block_ = kind;
    json::Writer out;
    out.object().key("type").string("content_block_start");
    out.key("index").integer(static_cast<std::int64_t>(blocks_)).key("content_block").raw(block_json).end();
    emit("content_block_start", std::move(out).text());
    ++blocks_;
}

void MessagesStream::close() {
    if (block_ == Block::None) return;
    block_ = Block::None;
    json::Writer out;
    out.object().key("type").string("content_block_stop");
    out.key("index").integer(static_cast<std::int64_t>(blocks_) - 1).end();
    emit("content_block_stop", std::move(out).text());
}

void MessagesStream::delta(std::string_view type, std::string_view name, std::string_view content) {
    json::Writer out;
    out.object().key("type").string("content_block_delta");
    out.key("index").integer(static_cast<std::int64_t>(blocks_) - 1);
    out.key("delta").object().key("type").string(type);
    member_inner(out, name, content);
    out.end().end();
    emit("content_block_delta", std::move(out).text());
}

void MessagesStream::write_text(Block kind, std::string_view content) {
    if (content.empty()) return;
    const bool thinking = kind == Block::Thinking;
    const std::string_view name = thinking ? "thinking" : "text";
    if (block_ != kind) {
        json::Writer block;
        write_block(block, name, name, "");
        open(kind, std::move(block).text());
    }
    delta(thinking ? "thinking_delta" : "text_delta", name, content);
}

Status MessagesStream::write_call(const ChatCall& call) {
    LUMOZ_TRY(const bool begins, begins_call(call, block_ == Block::Tool));
    if (begins) {
        json::Writer block;
        block.object().key("type").string("tool_use");
        member_inner(block, "id", call_id(call, id_, static_cast<std::size_t>(calls_ - 1)));
        member_inner(block, "name", call.name);
        block.key("input").object().end().end();
        open(Block::Tool, std::move(block).text());
    }
    if (!call.arguments.empty()) delta("input_json_delta", "partial_json", call.arguments);
    return {};
}

Status MessagesStream::chunk(const ChatAnswer& answer) {
    if (!started_) start(answer);
    if (answer.usage) usage_ = *answer.usage;
    write_text(Block::Thinking, answer.reasoning);
    write_text(Block::Text, answer.text);
    write_text(Block::Text, answer.refusal);
    for (const ChatCall& call : answer.calls) {
        LUMOZ_CHECK_OK(write_call(call));
    }
    if (!answer.finish.empty()) finish_ = answer.finish;
    if (answer.stop_text) stop_text_ = answer.stop_text;
    return {};
}

Status MessagesStream::finish() {
    if (!started_) return garbage("stream", "it ends before it begins");
    close();
    json::Writer out;
    out.object().key("type").string("message_delta").key("delta").object();
    write_stop(out, stop_of(finish_, calls_ > 0, stop_text_, request_));
    out.end();
    write_usage(out, usage_);
    out.end();
    emit("message_delta", std::move(out).text());
    emit("message_stop", R"({"type":"message_stop"})");
    return {};
}

void MessagesStream::keep_alive() {
    if (started_) emit("ping", R"({"type":"ping"})");
}

}  // namespace lumoz::translate

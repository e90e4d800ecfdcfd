// SPDX-License-Identifier: Apache-2.0
#include "translate/responses_answer.hpp"

namespace lumoz::translate {
namespace {

ResponseObject begin_response(const ChatAnswer& answer, const ChatRequest& request,
                              const AnswerFacts& facts) {
    ResponseObject out;
    out.id = answer.id.empty() ? facts.id : answer.id;
    out.model = answer.model.empty() ? request.model : answer.model;
    const bool dated = answer.created && *answer.created >= 0;
    out.created = dated ? *answer.created : facts.now;
    return out;
}

std::string call_id(const ChatCall& call, const ResponseObject& response) {
    if (!call.id.empty()) return call.id;
    return "call_" + response.id + "_" + std::to_string(response.output.size());
}

void add_text(ResponseObject& response, OutputKind kind, std::string_view content) {
    if (content.empty()) return;
    response.output.push_back(
        item_json({.kind = kind, .id = response.item_id(kind), .content = std::string(content)}, true));
}

}  // namespace

Result<std::string> response_from_chat(std::string_view chat, const ChatRequest& request,
                                       const AnswerFacts& facts) {
    LUMOZ_TRY(const ChatAnswer answer, read_chat(chat, ChatForm::Whole));
    ResponseObject response = begin_response(answer, request, facts);
    response.usage = answer.usage;
    add_text(response, OutputKind::Reasoning, answer.reasoning);
    add_text(response, OutputKind::Text, answer.text);
    add_text(response, OutputKind::Refusal, answer.refusal);
    for (const ChatCall& call : answer.calls) {
        if (call.name.empty()) return garbage("tool_calls.function.name", "missing");
        response.output.push_back(item_json({.kind = OutputKind::Call,
                                             .id = response.item_id(OutputKind::Call),
                                             .content = call.arguments,
                                             .call_id = call_id(call, response),
                                             .name = call.name},
                                            true));
    }
    return response.json(response_status(answer.finish), answer.finish, request.echo);
}

json::Writer ResponsesStream::begin_event(std::string_view type) {
    json::Writer out;
    out.object().key("type").string(type).key("sequence_number").integer(sequence_++);
    return out;
}

void ResponsesStream::send(std::string_view type, json::Writer& event) {
    event.end();
    emit(type, std::move(event).text());
}

void ResponsesStream::start(const ChatAnswer& answer) {
    started_ = true;
    response_ = begin_response(answer, request_, facts_);
    const std::string object = response_.json("in_progress", "", request_.echo);
    for (const std::string_view type : {"response.created", "response.in_progress"}) {
        json::Writer out = begin_event(type);
        out.key("response").raw(object);
        send(type, out);
    }
}

namespace {

/// The members that say where in the output an event belongs.
void write_place(json::Writer& out, const OutputItem& item, std::size_t position) {
    member_inner(out, "item_id", item.id);
    out.key("output_index").integer(static_cast<std::int64_t>(position));
    if (item.kind != OutputKind::Call) out.key("content_index").integer(0);
}

/// What the events of an item's content begin with.
std::string content_event(OutputKind kind) {
    const std::string_view content = kind == OutputKind::Call ? "function_call_arguments" : part_type(kind);
    return "response." + std::string(content);
}

/// The member of the `done` event that holds everything.
std::string_view whole_member(OutputKind kind) {
    if (kind == OutputKind::Call) return "arguments";
    return kind == OutputKind::Refusal ? "refusal" : "text";
}

}  // namespace

void ResponsesStream::open(OutputItem item) {
    item_ = std::move(item);
    const std::string empty = item_json(*item_, false);
    kept_ += empty.size();
    json::Writer added = begin_event("response.output_item.added");
    added.key("output_index").integer(static_cast<std::int64_t>(response_.output.size()));
    added.key("item").raw(empty);
    send("response.output_item.added", added);
    if (item_->kind == OutputKind::Call) return;
    json::Writer part = begin_event("response.content_part.added");
    write_place(part, *item_, response_.output.size());
    part.key("part").raw(part_json(item_->kind, ""));
    send("response.content_part.added", part);
}

Status ResponsesStream::grow(std::string_view content) {
    kept_ += content.size();
    if (kept_ > kMaxKept) return garbage("stream", "too long to be said again at its end");
    item_->content += content;
    const std::string type = content_event(item_->kind) + ".delta";
    json::Writer out = begin_event(type);
    write_place(out, *item_, response_.output.size());
    member_inner(out, "delta", content);
    if (item_->kind == OutputKind::Text) out.key("logprobs").array().end();
    send(type, out);
    return {};
}

void ResponsesStream::close() {
    if (!item_) return;
    const std::size_t position = response_.output.size();
    const std::string type = content_event(item_->kind) + ".done";
    json::Writer done = begin_event(type);
    write_place(done, *item_, position);
    if (item_->kind == OutputKind::Call) member_inner(done, "name", item_->name);
    member_inner(done, whole_member(item_->kind), item_->content);
    if (item_->kind == OutputKind::Text) done.key("logprobs").array().end();
    send(type, done);
    if (item_->kind != OutputKind::Call) {
        json::Writer part = begin_event("response.content_part.done");
        write_place(part, *item_, position);
        part.key("part").raw(part_json(item_->kind, item_->content));
        send("response.content_part.done", part);
    }
    std::string item = item_json(*item_, true);
    json::Writer out = begin_event("response.output_item.done");
    out.key("output_index").integer(static_cast<std::int64_t>(position)).key("item").raw(item);
    send("response.output_item.done", out);
    response_.output.push_back(std::move(item));
    item_.reset();
}

Status ResponsesStream::write_text(OutputKind kind, std::string_view content) {
    if (content.empty()) return {};
    if (!item_ || item_->kind != kind) {
        close();
        open({.kind = kind, .id = response_.item_id(kind)});
    }
    return grow(content);
}

Status ResponsesStream::write_call(const ChatCall& call) {
    LUMOZ_TRY(const bool begins, begins_call(call, item_ && item_->kind == OutputKind::Call));
    if (begins) {
        close();
        open({.kind = OutputKind::Call,
              .id = response_.item_id(OutputKind::Call),
              .call_id = call_id(call, response_),
              .name = call.name});
    }
    return call.arguments.empty() ? Status{} : grow(call.arguments);
}

Status ResponsesStream::chunk(const ChatAnswer& answer) {
    if (!started_) start(answer);
    if (answer.usage) response_.usage = answer.usage;
    LUMOZ_CHECK_OK(write_text(OutputKind::Reasoning, answer.reasoning));
    LUMOZ_CHECK_OK(write_text(OutputKind::Text, answer.text));
    LUMOZ_CHECK_OK(write_text(OutputKind::Refusal, answer.refusal));
    for (const ChatCall& call : answer.calls) {
        LUMOZ_CHECK_OK(write_call(call));
    }
    if (!answer.finish.empty()) finish_ = answer.finish;
    return {};
}

Status ResponsesStream::finish() {
    if (!started_) return garbage("stream", "it ends before it begins");
    close();
    const std::string type = "response." + std::string(response_status(finish_));
    json::Writer out = begin_event(type);
    out.key("response").raw(response_.json(response_status(finish_), finish_, request_.echo));
    send(type, out);
    return {};
}

}  // namespace lumoz::translate

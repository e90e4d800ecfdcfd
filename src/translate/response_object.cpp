// SPDX-License-Identifier: Apache-2.0
#include "translate/response_object.hpp"

namespace lumoz::translate {
namespace {

/// Why an answer is incomplete, in the words of the Responses API; empty: it is not.
std::string_view incomplete_reason(std::string_view finish) {
    if (finish == "length") return "max_output_tokens";
    if (finish == "content_filter") return "content_filter";
    return {};
}

void write_usage(json::Writer& out, const std::optional<ChatUsage>& usage) {
    out.key("usage");
    if (!usage) {
        out.null();
        return;
    }
    out.object().key("input_tokens").integer(usage->prompt);
    out.key("input_tokens_details").object().key("cached_tokens").integer(usage->cached).end();
    out.key("output_tokens").integer(usage->completion);
    out.key("output_tokens_details").object().key("reasoning_tokens").integer(usage->reasoning).end();
    out.key("total_tokens").integer(usage->prompt + usage->completion).end();
}

}  // namespace

std::string_view part_type(OutputKind kind) {
    switch (kind) {
        case OutputKind::Refusal:
            return "refusal";
        case OutputKind::Reasoning:
            return "reasoning_text";
        default:
            return "output_text";
    }
}

std::string part_json(OutputKind kind, std::string_view content) {
    json::Writer out;
    out.object().key("type").string(part_type(kind));
    member_inner(out, kind == OutputKind::Refusal ? "refusal" : "text", content);
    if (kind == OutputKind::Text) out.key("annotations").array().end().key("logprobs").array().end();
    out.end();
    return std::move(out).text();
}

std::string item_json(const OutputItem& item, bool complete) {
    json::Writer out;
    out.object();
    member_inner(out, "id", item.id);
    const std::string_view status = complete ? "completed" : "in_progress";
    if (item.kind == OutputKind::Call) {
        out.key("type").string("function_call").key("status").string(status);
        member_inner(out, "call_id", item.call_id);
        member_inner(out, "name", item.name);
        member_inner(out, "arguments", complete ? item.content : std::string());
        out.end();
        return std::move(out).text();
    }
    if (item.kind == OutputKind::Reasoning) {
        out.key("type").string("reasoning").key("summary").array().end();
    } else {
        out.key("type").string("message").key("role").string("assistant");
    }
    out.key("status").string(status).key("content").array();
    if (complete) out.raw(part_json(item.kind, item.content));
    out.end().end();
    return std::move(out).text();
}

std::string ResponseObject::item_id(OutputKind kind) const {
    std::string_view prefix = "msg_";
    if (kind == OutputKind::Reasoning) prefix = "rs_";
    if (kind == OutputKind::Call) prefix = "fc_";
    return std::string(prefix) + id + "_" + std::to_string(output.size());
}

std::string_view response_status(std::string_view finish) {
    return incomplete_reason(finish).empty() ? "completed" : "incomplete";
}

std::string ResponseObject::json(std::string_view status, std::string_view finish,
                                 std::string_view echo) const {
    json::Writer out;
    out.object();
    member_inner(out, "id", id);
    out.key("object").string("response").key("created_at").integer(created).key("status").string(status);
    out.key("background").boolean(false).key("error").null().key("incomplete_details");
    if (const std::string_view reason = incomplete_reason(finish); !reason.empty()) {
        out.object().key("reason").string(reason).end();
    } else {
        out.null();
    }
    member_inner(out, "model", model);
    out.key("output").array();
    for (const std::string& item : output)
        out.raw(item);
    out.end().key("previous_response_id").null().key("store").boolean(false);
    out.key("truncation").string("disabled");
    write_usage(out, usage);
    out.end();
    std::string text = std::move(out).text();
    text.back() = ',';
    text += echo;
    text += '}';
    return text;
}

}  // namespace lumoz::translate

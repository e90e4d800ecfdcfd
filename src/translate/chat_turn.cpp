// SPDX-License-Identifier: Apache-2.0
#include "translate/chat_turn.hpp"

namespace lumoz::translate {

void write_system(json::Writer& out, std::string_view text) {
    out.object().key("role").string("system");
    member_inner(out, "content", text);
    out.end();
}

void write_user(json::Writer& out, const std::vector<UserPart>& parts) {
    if (parts.empty()) return;
    out.object().key("role").string("user");
    if (parts.size() == 1 && !parts[0].image) {
        member_inner(out, "content", parts[0].content);
        out.end();
        return;
    }
    out.key("content").array();
    for (const UserPart& part : parts) {
        out.object();
        if (part.image) {
            out.key("type").string("image_url").key("image_url").object();
            member_inner(out, "url", part.content);
            if (!part.detail.empty()) out.key("detail").raw(part.detail);
            out.end();
        } else {
            out.key("type").string("text");
            member_inner(out, "text", part.content);
        }
        out.end();
    }
    out.end().end();
}

void write_assistant(json::Writer& out, const AssistantTurn& turn) {
    out.object().key("role").string("assistant");
    if (turn.text.empty() && !turn.calls.empty()) {
        out.key("content").null();
    } else {
        member_inner(out, "content", turn.text);
    }
    if (!turn.reasoning.empty()) member_inner(out, "reasoning_content", turn.reasoning);
    if (!turn.calls.empty()) {
        out.key("tool_calls").array();
        for (const AssistantCall& call : turn.calls) {
            out.object();
            member_inner(out, "id", call.id);
            out.key("type").string("function").key("function").object();
            member_inner(out, "name", call.name);
            member_inner(out, "arguments", call.arguments);
            out.end().end();
        }
        out.end();
    }
    out.end();
}

void write_tool_result(json::Writer& out, std::string_view call_id, std::string_view text) {
    out.object().key("role").string("tool");
    member_inner(out, "tool_call_id", call_id);
    member_inner(out, "content", text);
    out.end();
}

std::string escaped_json(std::string_view json) {
    std::string quoted = json::quoted(compact(json));
    return quoted.substr(1, quoted.size() - 2);
}

}  // namespace lumoz::translate

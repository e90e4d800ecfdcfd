// SPDX-License-Identifier: Apache-2.0
// Anthropic Messages request -> chat completions.
#include "translate/chat_request.hpp"
#include "translate/messages_turns.hpp"
#include "translate/request_parts.hpp"

namespace lumoz::translate {
namespace {

using json::Value;

constexpr std::string_view kNoParameters = R"({"type":"object","properties":{},"required":[]})";

/// Tools whose meaning Anthropic's models know by name, and which the client runs.
constexpr std::array<std::string_view, 4> kClientTools{"bash_", "text_editor_", "computer_", "memory_"};

/// Members that would change what the model sees or does on a service that has what they name.
constexpr std::array<std::string_view, 3> kRefused{"container", "context_management", "mcp_servers"};

bool is_client_tool(std::string_view type) {
    return std::ranges::any_of(kClientTools,
                               [&](std::string_view prefix) { return type.starts_with(prefix); });
}

Status write_tool(json::Writer& out, const Value& tool, std::string_view at) {
    if (!tool.is_object()) return refuse(at, "must be an object");
    LUMOZ_TRY(const std::optional<std::string> type, maybe_string(tool, "type", at));
    const bool built_in = type && *type != "custom";
    if (built_in && !is_client_tool(*type))
        return refuse(at, "only tools that the client runs can be translated");
    const std::optional<Value> name = present(tool, "name");
    if (name && !name->is_string()) return refuse(member_of(at, "name"), "must be a text");
    if (!name && !built_in) return refuse(member_of(at, "name"), "is missing");
    const std::optional<Value> description = present(tool, "description");
    if (description && !description->is_string())
        return refuse(member_of(at, "description"), "must be a text");
    LUMOZ_TRY(const std::optional<Value> schema, maybe_object(tool, "input_schema", at));

    out.object().key("type").string("function").key("function").object();
    const std::string name_text = name ? std::string(inner(*name)) : std::string(inner(*tool.find("type")));
    member_inner(out, "name", name_text);
    if (description) {
        out.key("description").raw(description->raw());
    } else {
        member_inner(out, "description", built_in ? name_text + " tool" : "");
    }
    out.key("parameters").raw(schema ? schema->raw() : kNoParameters);
    LUMOZ_TRY(const bool strict, maybe_flag(tool, "strict", at));
    if (strict) out.key("strict").boolean(true);
    out.end().end();
    return {};
}

Status write_tool_choice(json::Writer& out, const Value& body) {
    const std::optional<Value> choice = present(body, "tool_choice");
    if (!choice) return {};
    LUMOZ_TRY(const std::string type, type_of(*choice, "tool_choice"));
    if (type == "auto" || type == "none") {
        out.key("tool_choice").string(type);
    } else if (type == "any") {
        out.key("tool_choice").string("required");
    } else if (type == "tool") {
        LUMOZ_TRY(const Value name, need_string(*choice, "name", "tool_choice"));
        write_chosen_function(out, name);
    } else {
        return refuse("tool_choice.type", "must be `auto`, `any`, `tool` or `none`");
    }
    LUMOZ_TRY(const bool one, maybe_flag(*choice, "disable_parallel_tool_use", "tool_choice"));
    if (one) out.key("parallel_tool_calls").boolean(false);
    return {};
}

Status write_stops(json::Writer& out, const Value& body, ChatRequest& made) {
    const std::optional<Value> stops = present(body, "stop_sequences");
    if (!stops) return {};
    LUMOZ_TRY(const std::vector<Value> list, need_array(*stops, "stop_sequences"));
    for (std::size_t i = 0; i < list.size(); ++i) {
        std::optional<std::string> text = list[i].as_string();
        if (!text) return refuse(element_of("stop_sequences", i), "must be a text");
        made.stops.push_back(std::move(*text));
    }
    if (!list.empty()) out.key("stop").raw(stops->raw());
    return {};
}

/// `thinking` decides whether a model that can think does so. Its budget has no counterpart.
Status write_thinking(json::Writer& out, const Value& body) {
    const std::optional<Value> thinking = present(body, "thinking");
    if (!thinking) return {};
    LUMOZ_TRY(const std::string type, type_of(*thinking, "thinking"));
    if (type == "adaptive") return {};
    if (type != "enabled" && type != "disabled")
        return refuse("thinking.type", "must be `enabled`, `disabled` or `adaptive`");
    if (present(body, "chat_template_kwargs")) return {};  // the client's own word is the more exact one
    out.key("chat_template_kwargs").object().key("enable_thinking").boolean(type == "enabled").end();
    return {};
}

Status write_format(json::Writer& out, const Value& format, std::string_view at) {
    LUMOZ_TRY(const std::string type, type_of(format, at));
    const std::optional<Value> schema = present(format, "schema");
    if (type != "json_schema" || !schema || !schema->is_object())
        return refuse(at, "must be a json_schema with a `schema`");
    out.key("response_format").object().key("type").string("json_schema").key("json_schema").object();
    out.key("name").string("output").key("schema").raw(schema->raw()).key("strict").boolean(true);
    out.end().end();
    return {};
}

Status write_output_config(json::Writer& out, const Value& body) {
    if (const std::optional<Value> format = present(body, "output_format")) {
        if (present(body, "output_config")) return refuse("output_format", "stands beside output_config");
        return write_format(out, *format, "output_format");
    }
    LUMOZ_TRY(const std::optional<Value> config, maybe_object(body, "output_config", ""));
    if (!config) return {};
    if (const std::optional<Value> format = present(*config, "format")) {
        LUMOZ_CHECK_OK(write_format(out, *format, "output_config.format"));
    }
    LUMOZ_TRY(const std::optional<std::string> effort, maybe_string(*config, "effort", "output_config"));
    if (!effort) return {};
    if (*effort == "low" || *effort == "medium" || *effort == "high") {
        out.key("reasoning_effort").string(*effort);
    } else if (*effort == "xhigh" || *effort == "max") {
        out.key("reasoning_effort").string("high");
    } else {
        return refuse("output_config.effort", "must be `low`, `medium`, `high`, `xhigh` or `max`");
    }
    return {};
}

Status write_turns(json::Writer& out, const Value& body) {
    const std::optional<Value> messages = body.find("messages");
    if (!messages) return refuse("messages", "is missing");
    LUMOZ_TRY(const std::vector<Value> turns, need_array(*messages, "messages"));
    out.key("messages").array();
    if (const std::optional<Value> system = present(body, "system")) {
        LUMOZ_CHECK_OK(write_messages_system(out, *system));
    }
    for (std::size_t i = 0; i < turns.size(); ++i) {
        LUMOZ_CHECK_OK(write_messages_turn(out, turns[i], element_of("messages", i)));
    }
    out.end();
    return {};
}

Status refuse_state(const Value& body) {
    for (const std::string_view name : kRefused) {
        const std::optional<Value> found = present(body, name);
        const bool empty_list = found && found->is_array() && found->size() == 0;
        if (found && !empty_list) return refuse(name, "has no counterpart on this service");
    }
    return {};
}

}  // namespace

Result<ChatRequest> chat_from_messages(const Value& body) {
    ChatRequest made;
    LUMOZ_CHECK_OK(refuse_state(body));
    json::Writer out;
    out.object();
    LUMOZ_TRY(made.model, write_model(out, body));
    LUMOZ_CHECK_OK(write_turns(out, body));
    constexpr std::array<std::string_view, 3> kSame{"max_tokens", "temperature", "top_p"};
    copy_members(out, body, kSame);
    LUMOZ_CHECK_OK(write_stops(out, body, made));
    LUMOZ_CHECK_OK(write_tools(out, body, write_tool));
    LUMOZ_CHECK_OK(write_tool_choice(out, body));
    LUMOZ_CHECK_OK(write_thinking(out, body));
    LUMOZ_CHECK_OK(write_output_config(out, body));
    copy_members(out, body, engine_extensions());
    LUMOZ_CHECK_OK(write_stream(out, body));
    out.end();
    made.body = std::move(out).text();
    return made;
}

}  // namespace lumoz::translate

// SPDX-License-Identifier: Apache-2.0
// OpenAI Responses request -> chat completions. Only what needs no state on the service: nothing is kept here
// between two requests.
#include "translate/chat_request.hpp"
#include "translate/chat_turn.hpp"
#include "translate/request_parts.hpp"
#include "translate/responses_input.hpp"

namespace lumoz::translate {
namespace {

using json::Value;

/// Members that name what an earlier request left on the service, or what runs without the client.
struct Refused {
    std::string_view name;
    std::string_view why;
};
constexpr std::array<Refused, 3> kRefused{{
    {"previous_response_id", "answers are not kept here; send the whole conversation as input"},
    {"conversation", "conversations are not kept here; send the whole conversation as input"},
    {"prompt", "prompt templates are not kept here"},
}};

Status refuse_state(const Value& body) {
    for (const Refused& refused : kRefused)
        if (present(body, refused.name)) return refuse(refused.name, refused.why);
    LUMOZ_TRY(const bool store, maybe_flag(body, "store", ""));
    if (store) return refuse("store", "answers are not kept here; leave it out or say false");
    LUMOZ_TRY(const bool background, maybe_flag(body, "background", ""));
    if (background) return refuse("background", "an answer is made while the client waits");
    LUMOZ_TRY(const std::optional<std::string> truncation, maybe_string(body, "truncation", ""));
    if (truncation && *truncation != "disabled")
        return refuse("truncation", "nothing is cut out of an input here; leave it out or say `disabled`");
    if (const std::optional<Value> top = present(body, "top_logprobs"); top && top->as_int() != 0)
        return refuse("top_logprobs", "probabilities cannot be translated");
    const std::optional<Value> include = present(body, "include");
    if (!include) return {};
    LUMOZ_TRY(const std::vector<Value> wishes, need_array(*include, "include"));
    for (std::size_t i = 0; i < wishes.size(); ++i)
        if (wishes[i].as_string() == "message.output_text.logprobs")
            return refuse(element_of("include", i), "probabilities cannot be translated");
    return {};
}

Status write_tool(json::Writer& out, const Value& tool, std::string_view at) {
    LUMOZ_TRY(const std::string type, type_of(tool, at));
    if (type != "function")
        return refuse(at, "only tools of type `function` can be translated: this service runs none itself");
    LUMOZ_TRY(const Value name, need_string(tool, "name", at));
    out.object().key("type").string("function").key("function").object().key("name").raw(name.raw());
    constexpr std::array<std::string_view, 3> kSame{"description", "parameters", "strict"};
    copy_members(out, tool, kSame);
    out.end().end();
    return {};
}

Status write_tool_choice(json::Writer& out, const Value& body) {
    const std::optional<Value> choice = present(body, "tool_choice");
    if (!choice) return {};
    if (const std::optional<std::string> word = choice->as_string()) {
        if (*word != "auto" && *word != "none" && *word != "required")
            return refuse("tool_choice", "must be `auto`, `none`, `required` or a function");
        out.key("tool_choice").string(*word);
        return {};
    }
    if (!choice->is_object()) return refuse("tool_choice", "must be a text or an object");
    LUMOZ_TRY(const Value type, need_string(*choice, "type", "tool_choice"));
    if (type.as_string() != "function") return refuse("tool_choice", "only a function can be chosen");
    LUMOZ_TRY(const Value name, need_string(*choice, "name", "tool_choice"));
    write_chosen_function(out, name);
    return {};
}

Status write_format(json::Writer& out, const Value& body) {
    LUMOZ_TRY(const std::optional<Value> text, maybe_object(body, "text", ""));
    if (!text) return {};
    const std::optional<Value> format = present(*text, "format");
    if (!format) return {};
    LUMOZ_TRY(const std::string type, type_of(*format, "text.format"));
    if (type == "text") return {};
    if (type == "json_object") {
        out.key("response_format").object().key("type").string("json_object").end();
        return {};
    }
    if (type != "json_schema")
        return refuse("text.format.type", "must be `text`, `json_object` or `json_schema`");
    LUMOZ_TRY(const Value name, need_string(*format, "name", "text.format"));
    const std::optional<Value> schema = present(*format, "schema");
    if (!schema || !schema->is_object()) return refuse("text.format.schema", "must be an object");
    out.key("response_format").object().key("type").string("json_schema").key("json_schema").object();
    out.key("name").raw(name.raw());
    constexpr std::array<std::string_view, 3> kSame{"description", "schema", "strict"};
    copy_members(out, *format, kSame);
    out.end().end();
    return {};
}

Status write_reasoning(json::Writer& out, const Value& body) {
    LUMOZ_TRY(const std::optional<Value> reasoning, maybe_object(body, "reasoning", ""));
    if (!reasoning) return {};
    const std::optional<Value> effort = present(*reasoning, "effort");
    if (!effort) return {};
    if (!effort->is_string()) return refuse("reasoning.effort", "must be a text");
    out.key("reasoning_effort").raw(effort->raw());
    return {};
}

Status write_turns(json::Writer& out, const Value& body) {
    const std::optional<Value> input = present(body, "input");
    if (!input) return refuse("input", "is missing");
    out.key("messages").array();
    if (const std::optional<Value> instructions = present(body, "instructions")) {
        if (!instructions->is_string()) return refuse("instructions", "must be a text");
        write_system(out, inner(*instructions));
    }
    LUMOZ_CHECK_OK(write_responses_input(out, *input));
    out.end();
    return {};
}

/// What an answer repeats of its request, with the value that stands for an absent member.
struct Echo {
    std::string_view name;
    std::string_view otherwise;
};
constexpr std::array<Echo, 11> kEcho{{
    {"instructions", "null"},
    {"max_output_tokens", "null"},
    {"metadata", "{}"},
    {"parallel_tool_calls", "true"},
    {"reasoning", R"({"effort":null,"summary":null})"},
    {"temperature", "null"},
    {"text", R"({"format":{"type":"text"}})"},
    {"tool_choice", R"("auto")"},
    {"tools", "[]"},
    {"top_p", "null"},
    {"user", "null"},
}};

std::string echo_of(const Value& body) {
    std::string out;
    for (const Echo& echo : kEcho) {
        const std::optional<Value> found = present(body, echo.name);
        if (!out.empty()) out += ',';
        json::append_quoted(out, echo.name);
        out += ':';
        out += found ? compact(found->raw()) : std::string(echo.otherwise);
    }
    return out;
}

}  // namespace

Result<ChatRequest> chat_from_responses(const Value& body) {
    ChatRequest made;
    LUMOZ_CHECK_OK(refuse_state(body));
    json::Writer out;
    out.object();
    LUMOZ_TRY(made.model, write_model(out, body));
    LUMOZ_CHECK_OK(write_turns(out, body));
    if (const std::optional<Value> most = present(body, "max_output_tokens"))
        out.key("max_tokens").raw(most->raw());
    constexpr std::array<std::string_view, 3> kSame{"temperature", "top_p", "parallel_tool_calls"};
    copy_members(out, body, kSame);
    LUMOZ_CHECK_OK(write_tools(out, body, write_tool));
    LUMOZ_CHECK_OK(write_tool_choice(out, body));
    LUMOZ_CHECK_OK(write_format(out, body));
    LUMOZ_CHECK_OK(write_reasoning(out, body));
    copy_members(out, body, engine_extensions());
    LUMOZ_CHECK_OK(write_stream(out, body));
    out.end();
    made.body = std::move(out).text();
    made.echo = echo_of(body);
    return made;
}

}  // namespace lumoz::translate

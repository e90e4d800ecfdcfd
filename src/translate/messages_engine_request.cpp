// SPDX-License-Identifier: Apache-2.0
// Chat-completions request -> Anthropic Messages, for an engine that speaks only that.
#include "translate/messages_engine.hpp"
#include "translate/request_parts.hpp"

namespace lumoz::translate {
namespace {

using json::Value;

/// Messages needs a ceiling; this stands where the client names none.
constexpr std::int64_t kDefaultMaxTokens = 4'096;

/// Members that ask for an answer which Messages has no form for.
constexpr std::array<std::string_view, 6> kRefused{"functions",  "function_call",      "audio",
                                                   "prediction", "web_search_options", "modalities"};

void write_text_block(json::Writer& out, std::string_view content) {
    out.object().key("type").string("text");
    member_inner(out, "text", content);
    out.end();
}

/// `data:<type>;base64,<data>` is taken apart; anything else is an address.
void write_image_block(json::Writer& out, std::string_view url) {
    out.object().key("type").string("image").key("source").object();
    constexpr std::string_view kData = "data:";
    constexpr std::string_view kBase64 = ";base64,";
    const std::size_t mark = url.starts_with(kData) ? url.find(kBase64) : std::string_view::npos;
    if (mark == std::string_view::npos) {
        out.key("type").string("url");
        member_inner(out, "url", url);
    } else {
        out.key("type").string("base64");
        member_inner(out, "media_type", url.substr(kData.size(), mark - kData.size()));
        member_inner(out, "data", url.substr(mark + kBase64.size()));
    }
    out.end().end();
}

Status write_part(json::Writer& out, const Value& part, std::string_view at) {
    LUMOZ_TRY(const std::string type, type_of(part, at));
    if (type == "text") {
        LUMOZ_TRY(const Value text, need_string(part, "text", at));
        write_text_block(out, inner(text));
        return {};
    }
    if (type != "image_url") return refuse(at, "only text and image_url parts can be translated");
    const std::optional<Value> image = present(part, "image_url");
    if (!image) return refuse(member_of(at, "image_url"), "is missing");
    LUMOZ_TRY(const Value url, need_string(*image, "url", member_of(at, "image_url")));
    write_image_block(out, inner(url));
    return {};
}

/// Blocks of a content that is a text, null or parts.
Status write_blocks(json::Writer& out, const std::optional<Value>& content, std::string_view at) {
    if (!content) return {};
    if (content->is_string()) {
        if (!inner(*content).empty()) write_text_block(out, inner(*content));
        return {};
    }
    LUMOZ_TRY(const std::vector<Value> parts, need_array(*content, at));
    for (std::size_t i = 0; i < parts.size(); ++i) {
        LUMOZ_CHECK_OK(write_part(out, parts[i], element_of(at, i)));
    }
    return {};
}

Status write_call(json::Writer& out, const Value& call, std::string_view at) {
    const std::optional<Value> function = call.find("function");
    if (!function) return refuse(member_of(at, "function"), "is missing");
    const std::string here = member_of(at, "function");
    LUMOZ_TRY(const Value id, need_string(call, "id", at));
    LUMOZ_TRY(const Value name, need_string(*function, "name", here));
    LUMOZ_TRY(const std::optional<std::string> arguments, maybe_string(*function, "arguments", here));
    const std::string text = arguments && !arguments->empty() ? *arguments : "{}";
    const Result<json::Document> input =
        json::Document::parse(text, {.max_bytes = text.size() + 1, .max_depth = 64});
    if (!input || !input->root().is_object())
        return refuse(member_of(here, "arguments"), "must be the text of a JSON object");
    out.object().key("type").string("tool_use").key("id").raw(id.raw()).key("name").raw(name.raw());
    out.key("input").raw(text).end();
    return {};
}

/// The turns; system texts are gathered beside them, since Messages has one place for all of them.
class Turns {
public:
    Status add(const Value& turn, const std::string& at) {
        if (!turn.is_object()) return refuse(at, "must be an object");
        LUMOZ_TRY(const Value role_value, need_string(turn, "role", at));
        const std::string role = *role_value.as_string();
        const std::optional<Value> content = present(turn, "content");
        const std::string here = member_of(at, "content");
        if (role == "tool") return tool(turn, content, at);
        close_results();
        if (role == "system" || role == "developer") return write_blocks(system_, content, here);
        if (role != "user" && role != "assistant")
            return refuse(member_of(at, "role"),
                          "must be `system`, `developer`, `user`, `assistant` or `tool`");
        const std::optional<Value> calls = present(turn, "tool_calls");
        turns_.object().key("role").string(role).key("content");
        if (!calls && content && content->is_string()) {
            turns_.raw(content->raw()).end();
            return {};
        }
        turns_.array();
        LUMOZ_CHECK_OK(write_blocks(turns_, content, here));
        if (calls) {
            LUMOZ_TRY(const std::vector<Value> list, need_array(*calls, member_of(at, "tool_calls")));
            for (std::size_t i = 0; i < list.size(); ++i) {
                LUMOZ_CHECK_OK(write_call(turns_, list[i], element_of(member_of(at, "tool_calls"), i)));
            }
        }
        turns_.end().end();
        return {};
    }

    void finish(json::Writer& out) {
        close_results();
        out.key("system").raw(std::move(system_.end()).text());
        out.key("messages").raw(std::move(turns_.end()).text());
    }

    Turns() {
        system_.array();
        turns_.array();
    }

private:
    // Results that follow one another belong to one turn of the user.
    Status tool(const Value& turn, const std::optional<Value>& content, const std::string& at) {
        LUMOZ_TRY(const Value id, need_string(turn, "tool_call_id", at));
        if (!in_results_) turns_.object().key("role").string("user").key("content").array();
        in_results_ = true;
        turns_.object().key("type").string("tool_result").key("tool_use_id").raw(id.raw()).key("content");
        if (content && content->is_string()) {
            turns_.raw(content->raw()).end();
            return {};
        }
        turns_.array();
        LUMOZ_CHECK_OK(write_blocks(turns_, content, member_of(at, "content")));
        turns_.end().end();
        return {};
    }

    void close_results() {
        if (in_results_) turns_.end().end();
        in_results_ = false;
    }

    json::Writer system_;
    json::Writer turns_;
    bool in_results_ = false;
};

Status write_tool(json::Writer& out, const Value& tool, std::string_view at) {
    const std::optional<Value> function = tool.find("function");
    LUMOZ_TRY(const std::string type, type_of(tool, at));
    if (type != "function" || !function) return refuse(at, "must be a function");
    const std::string here = member_of(at, "function");
    LUMOZ_TRY(const Value name, need_string(*function, "name", here));
    const std::optional<Value> description = present(*function, "description");
    LUMOZ_TRY(const std::optional<Value> parameters, maybe_object(*function, "parameters", here));
    out.object().key("name").raw(name.raw());
    out.key("description").raw(description ? description->raw() : R"("")");
    out.key("input_schema").object();
    if (!parameters || !parameters->find("type")) out.key("type").string("object");
    if (!parameters || !parameters->find("properties")) out.key("properties").object().end();
    if (parameters)
        for (const Value::Member& member : parameters->members())
            out.key(member.name).raw(member.value.raw());
    if (!parameters || !parameters->find("$defs")) out.key("$defs").object().end();
    out.end().end();
    return {};
}

Status write_tool_choice(json::Writer& out, const Value& body) {
    const std::optional<Value> choice = present(body, "tool_choice");
    const std::optional<Value> parallel = present(body, "parallel_tool_calls");
    const bool one = parallel && parallel->as_bool() == false;
    if (!choice && !one) return {};
    std::string_view type = "auto";
    std::optional<Value> name;
    if (choice && choice->is_string()) {
        const std::string word = *choice->as_string();
        if (word != "auto" && word != "none" && word != "required")
            return refuse("tool_choice", "must be `auto`, `none`, `required` or a function");
        if (word == "required") type = "any";
        if (word == "none") type = "none";
    } else if (choice) {
        const std::optional<Value> function = choice->find("function");
        if (!function) return refuse("tool_choice", "must be a text or a function");
        LUMOZ_TRY(name, need_string(*function, "name", "tool_choice.function"));
        type = "tool";
    }
    out.key("tool_choice").object().key("type").string(type);
    if (name) out.key("name").raw(name->raw());
    if (one && type != "none") out.key("disable_parallel_tool_use").boolean(true);
    out.end();
    return {};
}

Status write_stop(json::Writer& out, const Value& body) {
    const std::optional<Value> stop = present(body, "stop");
    if (!stop) return {};
    if (stop->is_string()) {
        out.key("stop_sequences").array().raw(stop->raw()).end();
    } else if (stop->is_array()) {
        out.key("stop_sequences").raw(stop->raw());
    } else {
        return refuse("stop", "must be a text or a list");
    }
    return {};
}

Status refuse_rest(const Value& body) {
    for (const std::string_view name : kRefused)
        if (present(body, name)) return refuse(name, "has no counterpart on this service");
    if (const std::optional<Value> n = present(body, "n"); n && n->as_int() != 1)
        return refuse("n", "only one choice can be made");
    if (const std::optional<Value> wanted = present(body, "logprobs"); wanted && wanted->as_bool() != false)
        return refuse("logprobs", "probabilities cannot be translated");
    const std::optional<Value> format = present(body, "response_format");
    if (!format) return {};
    const std::optional<Value> type = format->find("type");
    if (!type || type->as_string() != "text")
        return refuse("response_format", "only `text` can be translated");
    return {};
}

}  // namespace

Result<std::string> messages_from_chat_request(const Value& body) {
    LUMOZ_CHECK_OK(refuse_rest(body));
    json::Writer out;
    out.object();
    LUMOZ_CHECK_OK(write_model(out, body));
    const std::optional<Value> messages = body.find("messages");
    if (!messages) return refuse("messages", "is missing");
    LUMOZ_TRY(const std::vector<Value> list, need_array(*messages, "messages"));
    Turns turns;
    for (std::size_t i = 0; i < list.size(); ++i) {
        LUMOZ_CHECK_OK(turns.add(list[i], element_of("messages", i)));
    }
    turns.finish(out);
    std::optional<Value> most = present(body, "max_completion_tokens");
    if (!most) most = present(body, "max_tokens");
    out.key("max_tokens").raw(most ? std::string(most->raw()) : std::to_string(kDefaultMaxTokens));
    constexpr std::array<std::string_view, 3> kSame{"temperature", "top_p", "top_k"};
    copy_members(out, body, kSame);
    LUMOZ_CHECK_OK(write_stop(out, body));
    LUMOZ_CHECK_OK(write_tools(out, body, write_tool));
    LUMOZ_CHECK_OK(write_tool_choice(out, body));
    LUMOZ_TRY(const bool stream, maybe_flag(body, "stream", ""));
    if (stream) out.key("stream").boolean(true);
    out.end();
    return std::move(out).text();
}

}  // namespace lumoz::translate

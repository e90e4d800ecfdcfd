// SPDX-License-Identifier: Apache-2.0
#include "translate/responses_input.hpp"

#include "translate/chat_turn.hpp"

namespace lumoz::translate {
namespace {

using json::Value;

Result<UserPart> input_part(const Value& part, std::string_view at) {
    LUMOZ_TRY(const std::string type, type_of(part, at));
    if (type == "input_text" || type == "output_text" || type == "text") {
        LUMOZ_TRY(const Value text, need_string(part, "text", at));
        return UserPart{.content = std::string(inner(text))};
    }
    if (type != "input_image") return refuse(at, "only input_text and input_image parts can be translated");
    const std::optional<Value> url = present(part, "image_url");
    if (!url || !url->is_string())
        return refuse(member_of(at, "image_url"), "must be a URL; files are not kept here");
    UserPart image{.image = true, .content = std::string(inner(*url))};
    if (const std::optional<Value> detail = present(part, "detail")) {
        if (!detail->is_string()) return refuse(member_of(at, "detail"), "must be a text");
        image.detail = detail->raw();
    }
    return image;
}

/// The parts of a content that may be a text; `refusal` parts count as text where `assistant` is true.
Result<std::vector<UserPart>> content_parts(const Value& content, std::string_view at, bool assistant) {
    std::vector<UserPart> out;
    if (content.is_string()) {
        out.push_back({.content = std::string(inner(content))});
        return out;
    }
    LUMOZ_TRY(const std::vector<Value> parts, need_array(content, at));
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string here = element_of(at, i);
        const std::optional<Value> refusal = parts[i].find("refusal");
        if (assistant && refusal && refusal->is_string()) {
            out.push_back({.content = std::string(inner(*refusal))});
            continue;
        }
        LUMOZ_TRY(UserPart part, input_part(parts[i], here));
        out.push_back(std::move(part));
    }
    return out;
}

Result<std::string> text_only(const Value& content, std::string_view at, bool assistant) {
    LUMOZ_TRY(const std::vector<UserPart> parts, content_parts(content, at, assistant));
    std::string out;
    for (const UserPart& part : parts) {
        if (part.image) return refuse(at, "only text can be translated here");
        out += part.content;
    }
    return out;
}

/// Items one after another; the assistant's are gathered until another's comes.
class InputItems {
public:
    explicit InputItems(json::Writer& out) : out_(out) {}

    Status item(const Value& item, const std::string& at) {
        if (!item.is_object()) return refuse(at, "must be an object");
        LUMOZ_TRY(const std::optional<std::string> type, maybe_string(item, "type", at));
        if (!type || *type == "message") return message(item, at);
        if (*type == "function_call") return call(item, at);
        if (*type == "function_call_output") return call_output(item, at);
        if (*type == "reasoning") return reasoning(item, at);
        return refuse(
            at, "only message, function_call, function_call_output and reasoning items can be translated");
    }

    void flush() {
        if (turn_.any) write_assistant(out_, turn_);
        turn_ = {};
    }

private:
    Status message(const Value& item, const std::string& at) {
        LUMOZ_TRY(const Value role_value, need_string(item, "role", at));
        const std::string role = *role_value.as_string();
        const std::optional<Value> content = item.find("content");
        const std::string here = member_of(at, "content");
        if (!content) return refuse(here, "is missing");
        if (role == "assistant") {
            LUMOZ_TRY(const std::string text, text_only(*content, here, true));
            if (!turn_.text.empty() || !turn_.calls.empty()) flush();
            turn_.text = text;
            turn_.any = true;
            return {};
        }
        flush();
        if (role == "user") {
            LUMOZ_TRY(const std::vector<UserPart> parts, content_parts(*content, here, false));
            write_user(out_, parts);
            return {};
        }
        if (role != "system" && role != "developer")
            return refuse(member_of(at, "role"), "must be `user`, `assistant`, `system` or `developer`");
        LUMOZ_TRY(const std::string text, text_only(*content, here, false));
        write_system(out_, text);
        return {};
    }

    Status call(const Value& item, const std::string& at) {
        LUMOZ_TRY(const Value id, need_string(item, "call_id", at));
        LUMOZ_TRY(const Value name, need_string(item, "name", at));
        LUMOZ_TRY(const Value arguments, need_string(item, "arguments", at));
        turn_.calls.push_back({.id = std::string(inner(id)),
                               .name = std::string(inner(name)),
                               .arguments = std::string(inner(arguments))});
        turn_.any = true;
        return {};
    }

    Status call_output(const Value& item, const std::string& at) {
        flush();
        LUMOZ_TRY(const Value id, need_string(item, "call_id", at));
        const std::optional<Value> output = item.find("output");
        if (!output) return refuse(member_of(at, "output"), "is missing");
        LUMOZ_TRY(const std::string text, text_only(*output, member_of(at, "output"), false));
        write_tool_result(out_, inner(id), text);
        return {};
    }

    // What stands in `encrypted_content` only its maker can read; a summary is not what was thought.
    Status reasoning(const Value& item, const std::string& at) {
        const std::optional<Value> content = present(item, "content");
        if (!content) return {};
        const std::string here = member_of(at, "content");
        LUMOZ_TRY(const std::vector<Value> parts, need_array(*content, here));
        if (!turn_.text.empty() || !turn_.calls.empty()) flush();
        for (std::size_t i = 0; i < parts.size(); ++i) {
            LUMOZ_TRY(const Value text, need_string(parts[i], "text", element_of(here, i)));
            turn_.reasoning += inner(text);
        }
        return {};
    }

    json::Writer& out_;
    AssistantTurn turn_;
};

}  // namespace

Status write_responses_input(json::Writer& out, const Value& input) {
    if (input.is_string()) {
        write_user(out, {{.content = std::string(inner(input))}});
        return {};
    }
    LUMOZ_TRY(const std::vector<Value> items, need_array(input, "input"));
    InputItems turns(out);
    for (std::size_t i = 0; i < items.size(); ++i) {
        LUMOZ_CHECK_OK(turns.item(items[i], element_of("input", i)));
    }
    turns.flush();
    return {};
}

}  // namespace lumoz::translate

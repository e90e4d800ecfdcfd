// SPDX-License-Identifier: Apache-2.0
#include "translate/json_parts.hpp"

namespace lumoz::translate {
namespace {

constexpr std::array<std::string_view, 11> kExtensions{
    "top_k",
    "min_p",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "logit_bias",
    "min_tokens",
    "ignore_eos",
    "chat_template_kwargs",
    "priority",
};

std::string join(std::string_view at, std::string_view why) {
    std::string out(at);
    if (!out.empty()) out += ": ";
    out += why;
    return out;
}

}  // namespace

std::unexpected<Error> refuse(std::string_view at, std::string_view why) {
    return fail(Errc::Unsupported, "E_TRANSLATE_REQUEST", "translate.request", join(at, why));
}

std::unexpected<Error> garbage(std::string_view where, std::string_view why) {
    return fail(Errc::Malformed, "E_TRANSLATE_ANSWER", "translate.answer", join(where, why));
}

std::string_view inner(const json::Value& value) {
    const std::string_view raw = value.raw();
    return raw.substr(1, raw.size() - 2);
}

std::string compact(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    bool in_string = false;
    bool escaped = false;
    for (const char c : json) {
        if (in_string) {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            continue;
        } else {
            in_string = c == '"';
        }
        out += c;
    }
    return out;
}

std::optional<json::Value> present(const json::Value& object, std::string_view name) {
    std::optional<json::Value> found = object.find(name);
    if (found && found->is_null()) found.reset();
    return found;
}

std::string member_of(std::string_view at, std::string_view name) {
    std::string out(at);
    if (!out.empty()) out += '.';
    out += name;
    return out;
}

std::string element_of(std::string_view at, std::size_t index) {
    return std::string(at) + "[" + std::to_string(index) + "]";
}

Result<json::Value> need_string(const json::Value& object, std::string_view name, std::string_view at) {
    const std::optional<json::Value> found = object.find(name);
    if (!found || !found->is_string()) return refuse(member_of(at, name), "must be a text");
    return *found;
}

Result<std::optional<std::string>> maybe_string(const json::Value& object, std::string_view name,
                                                std::string_view at) {
    const std::optional<json::Value> found = present(object, name);
    if (!found) return std::optional<std::string>();
    if (!found->is_string()) return refuse(member_of(at, name), "must be a text");
    return found->as_string();
}

Result<std::optional<json::Value>> maybe_object(const json::Value& object, std::string_view name,
                                                std::string_view at) {
    std::optional<json::Value> found = present(object, name);
    if (found && !found->is_object()) return refuse(member_of(at, name), "must be an object");
    return found;
}

Result<std::string> type_of(const json::Value& value, std::string_view at) {
    if (!value.is_object()) return refuse(at, "must be an object");
    LUMOZ_TRY(const json::Value type, need_string(value, "type", at));
    return *type.as_string();
}

Result<std::vector<json::Value>> need_array(const json::Value& value, std::string_view at) {
    if (!value.is_array()) return refuse(at, "must be an array");
    return value.elements();
}

Result<bool> maybe_flag(const json::Value& object, std::string_view name, std::string_view at) {
    const std::optional<json::Value> found = present(object, name);
    if (!found) return false;
    const std::optional<bool> flag = found->as_bool();
    if (!flag) return refuse(member_of(at, name), "must be true or false");
    return *flag;
}

void member_inner(json::Writer& out, std::string_view name, std::string_view content) {
    std::string text;
    text.reserve(content.size() + 2);
    text += '"';
    text += content;
    text += '"';
    out.key(name).raw(text);
}

void copy_members(json::Writer& out, const json::Value& from, std::span<const std::string_view> names) {
    for (const std::string_view name : names)
        if (const auto found = present(from, name)) out.key(name).raw(found->raw());
}

std::span<const std::string_view> engine_extensions() {
    return kExtensions;
}

}  // namespace lumoz::translate

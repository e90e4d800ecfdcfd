// SPDX-License-Identifier: Apache-2.0
#include "translate/messages_turns.hpp"

#include "translate/chat_turn.hpp"

namespace lumoz::translate {
namespace {

using json::Value;

/// Text blocks joined without anything between them, as the engines' own Messages endpoints do.
Result<std::string> joined_text(const Value& content, std::string_view at) {
    if (content.is_string()) return std::string(inner(content));
    LUMOZ_TRY(const std::vector<Value> blocks, need_array(content, at));
    std::string out;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const std::string here = element_of(at, i);
        LUMOZ_TRY(const std::string type, type_of(blocks[i], here));
        if (type != "text") return refuse(here, "only text blocks can be translated here");
        LUMOZ_TRY(const Value text, need_string(blocks[i], "text", here));
        out += inner(text);
    }
    return out;
}

Result<UserPart> image_part(const Value& block, std::string_view at) {
    const std::optional<Value> source = block.find("source");
    const std::string here = member_of(at, "source");
    if (!source) return refuse(here, "must be an object");
    LUMOZ_TRY(const std::string type, type_of(*source, here));
    if (type == "url") {
        LUMOZ_TRY(const Value url, need_string(*source, "url", here));
        return UserPart{.image = true, .content = std::string(inner(url))};
    }
    if (type != "base64") return refuse(here, "only base64 and url images can be translated");
    LUMOZ_TRY(const Value media, need_string(*source, "media_type", here));
    LUMOZ_TRY(const Value data, need_string(*source, "data", here));
    std::string url = "data:";
    url.reserve(inner(data).size() + 40);
    url += inner(media);
    url += ";base64,";
    url += inner(data);
    return UserPart{.image = true, .content = std::move(url)};
}

/// A user's turn, block by block. Tool results become turns as they come; what else there is follows in one
/// user's turn behind them, images of tool results first.
class UserTurn {
public:
    UserTurn(json::Writer& out, std::string_view at) : out_(out), at_(at) {}

    Status run(const Value& content) {
        LUMOZ_TRY(const std::vector<Value> blocks, need_array(content, member_of(at_, "content")));
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            LUMOZ_CHECK_OK(block(blocks[i], element_of(member_of(at_, "content"), i)));
        }
        write_user(out_, parts_);
        return {};
    }

private:
    Status block(const Value& block, const std::string& here) {
        LUMOZ_TRY(const std::string type, type_of(block, here));
        if (type == "text") {
            LUMOZ_TRY(const Value text, need_string(block, "text", here));
            parts_.push_back({.content = std::string(inner(text))});
            own_parts_ = true;
            return {};
        }
        if (type == "image") {
            LUMOZ_TRY(UserPart part, image_part(block, here));
            parts_.push_back(std::move(part));
            own_parts_ = true;
            return {};
        }
        if (type == "tool_result") return tool_result(block, here);
        return refuse(here, "only text, image and tool_result blocks of a user can be translated");
    }

    Status tool_result(const Value& block, const std::string& here) {
        if (own_parts_) return refuse(here, "tool_result blocks must come first in a user's turn");
        LUMOZ_TRY(const Value id, need_string(block, "tool_use_id", here));
        const std::optional<Value> content = present(block, "content");
        std::string text;
        if (content && content->is_string()) {
            text = inner(*content);
        } else if (content) {
            LUMOZ_TRY(text, result_blocks(*content, member_of(here, "content")));
        }
        write_tool_result(out_, inner(id), text);
        return {};
    }

    Result<std::string> result_blocks(const Value& content, const std::string& at) {
        LUMOZ_TRY(const std::vector<Value> blocks, need_array(content, at));
        std::string text;
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            const std::string here = element_of(at, i);
            LUMOZ_TRY(const std::string type, type_of(blocks[i], here));
            if (type == "text") {
                LUMOZ_TRY(const Value piece, need_string(blocks[i], "text", here));
                text += inner(piece);
            } else if (type == "image") {
                LUMOZ_TRY(UserPart part, image_part(blocks[i], here));
                parts_.push_back(std::move(part));
            } else {
                return refuse(here, "only text and image blocks of a tool result can be translated");
            }
        }
        return text;
    }

    json::Writer& out_;
    std::string at_;
    std::vector<UserPart> parts_;
    bool own_parts_ = false;
};

Status add_assistant_block(AssistantTurn& turn, const Value& block, std::string_view here) {
    LUMOZ_TRY(const std::string type, type_of(block, here));
    if (type == "text") {
        LUMOZ_TRY(const Value text, need_string(block, "text", here));
        turn.text += inner(text);
        return {};
    }
    if (type == "thinking") {
        LUMOZ_TRY(const Value text, need_string(block, "thinking", here));
        turn.reasoning += inner(text);
        return {};
    }
    // Sealed by another service for itself: no model but its own can read it.
    if (type == "redacted_thinking") return {};
    if (type != "tool_use")
        return refuse(here, "only text, thinking and tool_use blocks of an assistant can be translated");
    LUMOZ_TRY(const Value id, need_string(block, "id", here));
    LUMOZ_TRY(const Value name, need_string(block, "name", here));
    const std::optional<Value> input = present(block, "input");
    if (input && !input->is_object()) return refuse(member_of(here, "input"), "must be an object");
    turn.calls.push_back({.id = std::string(inner(id)),
                          .name = std::string(inner(name)),
                          .arguments = input ? escaped_json(input->raw()) : "{}"});
    return {};
}

Status write_assistant_turn(json::Writer& out, const Value& content, std::string_view at) {
    AssistantTurn turn;
    const std::string list = member_of(at, "content");
    LUMOZ_TRY(const std::vector<Value> blocks, need_array(content, list));
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        LUMOZ_CHECK_OK(add_assistant_block(turn, blocks[i], element_of(list, i)));
    }
    write_assistant(out, turn);
    return {};
}

}  // namespace

Status write_messages_system(json::Writer& out, const Value& system) {
    LUMOZ_TRY(const std::string text, joined_text(system, "system"));
    if (!text.empty()) write_system(out, text);
    return {};
}

Status write_messages_turn(json::Writer& out, const Value& turn, std::string_view at) {
    if (!turn.is_object()) return refuse(at, "must be an object");
    LUMOZ_TRY(const Value role_value, need_string(turn, "role", at));
    const std::string role = *role_value.as_string();
    if (role != "user" && role != "assistant")
        return refuse(member_of(at, "role"), "must be `user` or `assistant`");
    const std::optional<Value> content = turn.find("content");
    if (!content) return refuse(member_of(at, "content"), "is missing");
    if (content->is_string()) {
        out.object().key("role").string(role).key("content").raw(content->raw()).end();
        return {};
    }
    if (role == "assistant") return write_assistant_turn(out, *content, at);
    return UserTurn(out, at).run(*content);
}

}  // namespace lumoz::translate

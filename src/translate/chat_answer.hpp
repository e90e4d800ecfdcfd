// SPDX-License-Identifier: Apache-2.0
// What an engine says in chat completions: a whole answer, or one event of its stream. The engine is not
// trusted: what does not have the form of the protocol is `E_TRANSLATE_ANSWER`.
#pragma once

#include "translate/engine_parts.hpp"

namespace lumoz::translate {

/// A call of a function, or a piece of one in a stream. Texts are escaped contents of JSON strings.
struct ChatCall {
    std::optional<std::int64_t> index;  ///< streams only
    std::string id;
    std::string name;
    std::string arguments;
};

/// Token counts, none below zero.
struct ChatUsage {
    std::int64_t prompt = 0;
    std::int64_t completion = 0;
    std::int64_t cached = 0;     ///< of the prompt
    std::int64_t reasoning = 0;  ///< of the completion
};

struct ChatAnswer {
    std::string id;     ///< escaped; empty when there is none
    std::string model;  ///< escaped
    std::optional<std::int64_t> created;
    bool choice = false;  ///< a first choice is there
    std::string text;
    std::string reasoning;
    std::string refusal;
    std::vector<ChatCall> calls;
    std::string finish;                    ///< empty: not finished
    std::optional<std::string> stop_text;  ///< the stop sequence that ended it, where the engine says so
    std::optional<ChatUsage> usage;
};

enum class ChatForm : std::uint8_t { Whole, Chunk };

/// Only the first choice is looked at: neither protocol can ask for more.
[[nodiscard]] Result<ChatAnswer> read_chat(std::string_view json, ChatForm form);

}  // namespace lumoz::translate

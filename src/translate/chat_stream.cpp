// SPDX-License-Identifier: Apache-2.0
#include "translate/chat_stream.hpp"

namespace lumoz::translate {

void ChatStream::emit(std::string_view name, std::string_view json) {
    out_ += "event: ";
    out_ += name;
    out_ += "\ndata: ";
    // Values that move over whole may hold line ends between their tokens.
    if (json.find_first_of("\r\n") == std::string_view::npos) {
        out_ += json;
    } else {
        out_ += compact(json);
    }
    out_ += "\n\n";
}

Result<bool> ChatStream::begins_call(const ChatCall& call, bool one_is_open) {
    const std::int64_t index = call.index.value_or(call.name.empty() ? calls_ - 1 : calls_);
    if (index == calls_) {
        if (call.name.empty()) return garbage("tool_calls.function.name", "missing");
        if (calls_ >= kMaxCalls) return garbage("tool_calls", "too many");
        ++calls_;
        return true;
    }
    if (index != calls_ - 1 || !one_is_open)
        return garbage("tool_calls.index", "a call goes on that is over");
    return false;
}

Status ChatStream::take(std::string_view data) {
    LUMOZ_TRY(const ChatAnswer answer, read_chat(data, ChatForm::Chunk));
    return chunk(answer);
}

}  // namespace lumoz::translate

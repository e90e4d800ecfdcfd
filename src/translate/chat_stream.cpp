// SPDX-License-Identifier: Apache-2.0
#include "translate/chat_stream.hpp"

namespace lumoz::translate {

Status ChatStream::feed(ByteView piece, std::string& out) {
    out_.clear();
    Status status = reader_.feed(piece, *this);
    out = std::move(out_);
    return status;
}

void ChatStream::emit(std::string_view name, std::string_view json) {
    out_ += "event: ";
    out_ += name;
    out_ += "\ndata: ";
    // Values that move over whole may hold line ends between their tokens.
    const bool one_line = json.find_first_of("\r\n") == std::string_view::npos;
    out_ += one_line ? std::string(json) : compact(json);
    out_ += "\n\n";
}

Status ChatStream::event(std::string_view name, std::string_view data) {
    if (done_) return {};
    if (name == "error") return garbage("stream", "the engine failed");
    if (data.empty()) return {};
    if (data == "[DONE]") {
        done_ = true;
        return done();
    }
    LUMOZ_TRY(const ChatAnswer answer, read_chat(data, ChatForm::Chunk));
    return chunk(answer);
}

void ChatStream::comment() {
    if (!done_) keep_alive();
}

}  // namespace lumoz::translate

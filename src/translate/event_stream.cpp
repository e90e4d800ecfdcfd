// SPDX-License-Identifier: Apache-2.0
#include "translate/event_stream.hpp"

#include "translate/json_parts.hpp"

namespace lumoz::translate {

Status EventStream::feed(ByteView piece, std::string& out) {
    out_.clear();
    Status status = reader_.feed(piece, *this);
    out = std::move(out_);
    return status;
}

Status EventStream::end() {
    ended_ = true;
    return finish();
}

Status EventStream::event(std::string_view name, std::string_view data) {
    if (ended_) return {};
    if (name == "error") return garbage("stream", "the engine failed");
    if (data.empty()) return {};
    return data == "[DONE]" ? end() : take(data);
}

void EventStream::comment() {
    if (!ended_) keep_alive();
}

}  // namespace lumoz::translate

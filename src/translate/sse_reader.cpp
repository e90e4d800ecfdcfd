// SPDX-License-Identifier: Apache-2.0
#include "translate/sse_reader.hpp"

#include "translate/json_parts.hpp"

namespace lumoz::translate {

Status SseReader::end_of_line(Sink& sink) {
    if (line_.empty()) {
        Status status;
        if (has_data_) status = sink.event(name_, data_);
        name_.clear();
        data_.clear();
        has_data_ = false;
        return status;
    }
    std::string_view line = line_;
    if (line.front() == ':') {
        sink.comment();
    } else {
        const std::size_t colon = std::min(line.find(':'), line.size());
        const std::string_view field = line.substr(0, colon);
        std::string_view value = line.substr(std::min(colon + 1, line.size()));
        if (value.starts_with(' ')) value.remove_prefix(1);
        if (field == "event") {
            name_ = value;
        } else if (field == "data") {
            if (has_data_) data_ += '\n';
            data_ += value;
            has_data_ = true;
        }
    }
    line_.clear();
    if (data_.size() > max_event_) return garbage("stream", "an event is too large");
    return {};
}

Status SseReader::feed(ByteView piece, Sink& sink) {
    std::string_view text = as_text(piece);
    while (!text.empty()) {
        if (after_cr_ && text.front() == '\n') text.remove_prefix(1);
        after_cr_ = false;
        const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
        if (line_.size() + end > max_event_) return garbage("stream", "a line is too long");
        line_ += text.substr(0, end);
        if (end == text.size()) break;
        after_cr_ = text[end] == '\r';
        text.remove_prefix(end + 1);
        LUMOZ_CHECK_OK(end_of_line(sink));
    }
    return {};
}

}  // namespace lumoz::translate

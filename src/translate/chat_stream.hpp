// SPDX-License-Identifier: Apache-2.0
// A stream of chat-completions events as what a client of another protocol gets.
#pragma once

#include "translate/chat_answer.hpp"
#include "translate/event_stream.hpp"
#include "translate/sse_reader.hpp"

namespace lumoz::translate {

class ChatStream : public EventStream, private SseReader::Sink {
public:
    ChatStream() : reader_(kMaxEvent) {}
    Status feed(ByteView piece, std::string& out) override;

protected:
    virtual Status chunk(const ChatAnswer& answer) = 0;
    virtual Status done() = 0;
    virtual void keep_alive() = 0;
    /// Adds an event to what leaves.
    void emit(std::string_view name, std::string_view json);

private:
    Status event(std::string_view name, std::string_view data) override;
    void comment() override;

    SseReader reader_;
    std::string out_;
    bool done_ = false;
};

}  // namespace lumoz::translate

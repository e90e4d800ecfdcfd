// SPDX-License-Identifier: Apache-2.0
// A stream of chat-completions events as what a client of another protocol gets.
#pragma once

#include "translate/chat_answer.hpp"
#include "translate/event_stream.hpp"

namespace lumoz::translate {

class ChatStream : public EventStream {
protected:
    virtual Status chunk(const ChatAnswer& answer) = 0;
    /// Adds an event to what leaves.
    void emit(std::string_view name, std::string_view json);
    /// Calls follow one another, so a piece belongs to the call that is open, or begins the next one: true.
    Result<bool> begins_call(const ChatCall& call, bool one_is_open);

    std::int64_t calls_ = 0;  ///< begun so far

private:
    Status take(std::string_view data) override;
};

}  // namespace lumoz::translate

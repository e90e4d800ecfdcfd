// SPDX-License-Identifier: Apache-2.0
// The way back of a stream: chat-completions events in, events of the client's protocol out.
#pragma once

#include "translate/chat_answer.hpp"
#include "translate/sse_reader.hpp"

namespace lumoz::translate {

/// What an answer needs that the engine does not always say.
struct AnswerFacts {
    std::string id;            ///< stands for the engine's id where that is missing
    std::int64_t now = 0;      ///< seconds since 1970, likewise
};

/// One stream. Pieces may be cut anywhere; output leaves with the piece that makes it whole.
class ChatStream : private SseReader::Sink {
public:
    ChatStream() : reader_(kMaxEvent) {}
    ~ChatStream() override = default;
    ChatStream(const ChatStream&) = delete;
    ChatStream& operator=(const ChatStream&) = delete;

    /// Takes the engine's next bytes; `out` is what the client gets for them, possibly nothing. The terminal
    /// event comes when the engine's `[DONE]` does. `E_TRANSLATE_ANSWER`: not a chat stream; `out` is what came
    /// before that, and nothing more may be fed.
    Status feed(ByteView piece, std::string& out);

    /// Largest event of an engine, and all that a stream may add up to where it must be said again at its end.
    static constexpr std::size_t kMaxEvent = std::size_t{1} << 20;
    static constexpr std::size_t kMaxKept = std::size_t{4} << 20;

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

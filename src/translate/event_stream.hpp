// SPDX-License-Identifier: Apache-2.0
// The way back of a stream, whatever the two protocols are, and what an answer needs beside the engine's
// words.
#pragma once

#include "translate/sse_reader.hpp"

#include <string>

namespace lumoz::translate {

/// Largest whole answer of an engine that is translated.
inline constexpr std::size_t kMaxAnswer = std::size_t{4} << 20;

/// What an answer needs that the engine does not always say.
struct AnswerFacts {
    std::string id;        ///< stands for the engine's id where that is missing
    std::int64_t now = 0;  ///< seconds since 1970, likewise
};

/// One stream. Pieces may be cut anywhere; output leaves with the piece that makes it whole.
class EventStream : private SseReader::Sink {
public:
    EventStream() : reader_(kMaxEvent) {}
    ~EventStream() override = default;
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;

    /// Takes the engine's next bytes; `out` is what the client gets for them, possibly nothing. The terminal
    /// event comes when the engine's does; what follows it is not looked at. `E_TRANSLATE_ANSWER`: not a
    /// stream of its protocol; `out` is what came before that, and nothing more may be fed.
    Status feed(ByteView piece, std::string& out);

    /// Largest event of an engine.
    static constexpr std::size_t kMaxEvent = std::size_t{1} << 20;
    /// All that a stream may add up to where it must be said again at its end.
    static constexpr std::size_t kMaxKept = std::size_t{4} << 20;

protected:
    /// An event of the engine: its data, neither empty nor `[DONE]`.
    virtual Status take(std::string_view data) = 0;
    /// Writes the terminal event.
    virtual Status finish() = 0;
    /// The engine has nothing to say yet.
    virtual void keep_alive() = 0;
    /// The engine has come to its end.
    Status end();

    std::string out_;  ///< what leaves with this piece

private:
    Status event(std::string_view name, std::string_view data) final;
    void comment() final;

    SseReader reader_;
    bool ended_ = false;
};

}  // namespace lumoz::translate

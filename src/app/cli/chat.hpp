// SPDX-License-Identifier: Apache-2.0
// The little of the chat protocol that `lumoz ask` needs: a request body, the text inside an answer, the text
// inside a stream as it comes.
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>

namespace lumoz::app {

struct ChatRequest {
    std::string model;
    std::string prompt;
    bool stream = false;
    std::int64_t max_tokens = 0;  ///< 0: left out
};
/// The body as it is sent.
[[nodiscard]] std::string chat_body(const ChatRequest& request);

struct ChatAnswer {
    std::string id;
    std::string text;
};
/// `id` and text of a whole chat completion. `E_ANSWER_FORM` when it is not one.
Result<ChatAnswer> chat_answer(std::string_view body);

/// The name under which the proof of an answer is asked for: the id in the answer, or the receipt's id when
/// the engine chose an id that is no path segment. Empty when there is neither.
[[nodiscard]] std::string proof_id(const std::string& id, const std::string& receipt_id);

/// Reads an event stream piece by piece; lines may be cut anywhere.
class ChatStream {
public:
    /// Text that this piece adds.
    std::string feed(ByteView piece);
    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] const std::string& text() const { return text_; }
    /// The terminal event came.
    [[nodiscard]] bool done() const { return done_; }
    /// Number of events that carried text.
    [[nodiscard]] std::size_t events() const { return events_; }

private:
    std::string take_line(std::string_view line);
    std::string pending_;
    std::string id_;
    std::string text_;
    std::size_t events_ = 0;
    bool done_ = false;
};

}  // namespace lumoz::app

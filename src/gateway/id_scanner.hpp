// SPDX-License-Identifier: Apache-2.0
// Finds the `id` of an answer while its bytes pass by: in the JSON body, or in the first SSE event that holds
// an object. Nothing is buffered but the id. Ids over 128 bytes or outside [A-Za-z0-9._:-] count as absent
// (design decision 14).
#pragma once

#include "base/bytes.hpp"

#include <string>

namespace lumoz::gateway {

class IdScanner {
public:
    enum class Mode : std::uint8_t { Json, Sse };
    explicit IdScanner(Mode mode) : mode_(mode), in_json_(mode == Mode::Json) {}

    /// Takes the next bytes. Cheap once `done()`.
    void feed(ByteView chunk);
    /// True when the id was found, or cannot come any more.
    [[nodiscard]] bool done() const { return done_; }
    /// The id: member `id` of the object, or of its member `response` or `message` (the Responses and
    /// Messages protocols wrap it in their first event). Empty when there is none.
    [[nodiscard]] const std::string& id() const { return id_; }

private:
    void take_sse(char c);
    void take_json(char c);
    void take_string(char c);
    void end_string();
    void open(char c);
    void close();
    void give_up() { done_ = true; }

    static constexpr std::size_t kMaxId = 128;
    static constexpr std::size_t kMaxDepth = 256;

    Mode mode_;
    bool done_ = false;
    bool in_json_;
    std::string id_;

    // SSE: which line is this?
    std::string line_;
    bool skip_line_ = false;

    // JSON: where are we?
    std::size_t depth_ = 0;
    std::uint64_t wrapper_depth_ = 0;  ///< depth of the `response`/`message` object that we are in; 0 is none
    bool in_string_ = false;
    bool escaped_ = false;
    bool clean_ = true;  ///< the string had no escape and is not too long
    bool expect_key_ = false;
    std::string text_;
    std::string key_;
};

}  // namespace lumoz::gateway

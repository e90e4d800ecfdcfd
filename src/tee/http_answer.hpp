// SPDX-License-Identifier: Apache-2.0
// Reads one HTTP/1.1 answer from bytes that come in pieces; knows nothing of sockets. Refused: any length
// that is missing, doubled or out of form, heads over 16 KiB, bodies over the ceiling, and 1xx answers.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lumoz::tee {

struct HttpAnswer {
    int status = 0;    ///< 200 to 599
    std::string body;  ///< de-chunked
};

class HttpAnswerParser {
public:
    static constexpr std::size_t kMaxHead = 16384;

    explicit HttpAnswerParser(std::size_t max_body) : max_body_(max_body) {}
    /// Takes the next bytes. `E_TEE_ANSWER` when they are no answer, `E_TEE_TOO_LARGE` past a ceiling.
    /// Bytes behind the end of the answer are refused.
    Status feed(std::string_view bytes);
    [[nodiscard]] bool done() const { return state_ == State::Done; }
    /// Requires: done().
    [[nodiscard]] HttpAnswer take() && { return std::move(answer_); }

private:
    enum class State : std::uint8_t { Head, Sized, ChunkSize, ChunkData, ChunkEnd, Trailer, Done };

    Status step(bool& progress);
    Status read_head(std::string_view head);
    Status read_field(std::string_view line);
    Status read_chunk_size(std::string_view line);
    Status read_sized(bool& progress);
    Status read_line(bool& progress);

    std::size_t max_body_;
    State state_ = State::Head;
    std::string pending_;
    HttpAnswer answer_;
    std::size_t left_ = 0;
    std::size_t trailer_bytes_ = 0;
    bool have_length_ = false;
    bool chunked_ = false;
};

}  // namespace lumoz::tee

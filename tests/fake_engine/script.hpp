// SPDX-License-Identifier: Apache-2.0
// What the scripted engine shall do with one request: defaults from the command line, changed by the member
// `"fake":{…}` of the request body.
#pragma once

#include "base/bytes.hpp"

#include <chrono>
#include <string>

namespace lumoz::fake_engine {

struct Script {
    std::size_t chunks = 4;                 ///< events with text in a stream
    std::size_t size = 64;                  ///< characters of text in all
    std::chrono::microseconds interval{0};  ///< between two events
    std::chrono::milliseconds delay{0};     ///< before the head of the answer
    int status = 200;                       ///< another status gets an error document that quotes the prompt
    std::int64_t cut_bytes = -1;            ///< body bytes after which the connection is reset; -1: never
    std::size_t split = 0;  ///< a stream leaves in writes of this many bytes; 0: event by event
    bool stream = false;
    bool hang = false;     ///< no answer at all until the peer is gone
    bool crlf = false;     ///< line ends of the stream
    bool no_done = false;  ///< the stream ends cleanly without its terminal event
    bool no_id = false;
    bool chunked = false;   ///< a plain answer without Content-Length
    bool not_json = false;  ///< a plain answer that is no JSON
    std::string id;         ///< instead of a counted one
};

/// Reads `"stream":true` and `"fake"` of a body; fast when there is no `"fake"`.
[[nodiscard]] Script script_for(const Script& defaults, ByteView body);

}  // namespace lumoz::fake_engine

// SPDX-License-Identifier: Apache-2.0
// The bodies that the scripted engine gives.
#pragma once

#include "script.hpp"

#include <vector>

namespace lumoz::fake_engine {

/// `chatcmpl-` and 16 hex digits, another one each time.
[[nodiscard]] std::string next_id();
/// A chat completion (or text completion for `completions`), as one JSON document.
[[nodiscard]] std::string plain_answer(const Script& script, bool completions);
/// The events of a stream, each with its blank line; the last is `data: [DONE]` unless the script leaves it
/// out.
[[nodiscard]] std::vector<std::string> stream_answer(const Script& script, bool completions);
/// An error document whose message quotes the request, as careless engines do.
[[nodiscard]] std::string error_answer(ByteView request);

}  // namespace lumoz::fake_engine

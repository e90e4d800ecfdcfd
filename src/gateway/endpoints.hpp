// SPDX-License-Identifier: Apache-2.0
// The endpoints of models by the words that the configuration uses, and their paths.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lumoz::gateway {

struct Endpoint {
    std::string_view word;     ///< in `endpoints` and `endpoint_urls`
    std::string_view path;     ///< what clients ask for
    std::string_view url_key;  ///< configuration key of a URL of its own
    std::string_view url_doc;
    bool llama_server;  ///< llama-server answers it as we start it
};

/// In the order of specs/api.md 1.
[[nodiscard]] std::span<const Endpoint> endpoints();
/// Null for a path, or a word, that is none.
[[nodiscard]] const Endpoint* endpoint_of_path(std::string_view path);
[[nodiscard]] const Endpoint* endpoint_of_word(std::string_view word);

}  // namespace lumoz::gateway

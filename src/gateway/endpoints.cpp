// SPDX-License-Identifier: Apache-2.0
#include "gateway/endpoints.hpp"

#include <algorithm>
#include <array>

namespace lumoz::gateway {
namespace {

constexpr std::array kEndpoints{
    Endpoint{"chat", "/v1/chat/completions", "engine.endpoint_urls.chat", true},
    Endpoint{"completions", "/v1/completions", "engine.endpoint_urls.completions", true},
    Endpoint{"embeddings", "/v1/embeddings", "engine.endpoint_urls.embeddings", true},
    Endpoint{"messages", "/v1/messages", "engine.endpoint_urls.messages", true},
    Endpoint{"responses", "/v1/responses", "engine.endpoint_urls.responses", true},
    Endpoint{"rerank", "/v1/rerank", "engine.endpoint_urls.rerank", false},
    Endpoint{"score", "/v1/score", "engine.endpoint_urls.score", false},
    Endpoint{"images", "/v1/images/generations", "engine.endpoint_urls.images", false},
    Endpoint{"images_edits", "/v1/images/edits", "engine.endpoint_urls.images_edits", false},
    Endpoint{"transcriptions", "/v1/audio/transcriptions", "engine.endpoint_urls.transcriptions", false},
    Endpoint{"speech", "/v1/audio/speech", "engine.endpoint_urls.speech", false},
    Endpoint{"tokenize", "/v1/tokenize", "engine.endpoint_urls.tokenize", true},
    Endpoint{"realtime", "/v1/realtime", "engine.endpoint_urls.realtime", false},
};

const Endpoint* find(std::string_view Endpoint::* member, std::string_view text) {
    const auto found = std::ranges::find(kEndpoints, text, member);
    return found == kEndpoints.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Endpoint> endpoints() {
    return kEndpoints;
}

const Endpoint* endpoint_of_path(std::string_view path) {
    return find(&Endpoint::path, path);
}

const Endpoint* endpoint_of_word(std::string_view word) {
    return find(&Endpoint::word, word);
}

}  // namespace lumoz::gateway

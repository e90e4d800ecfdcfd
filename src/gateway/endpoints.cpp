// SPDX-License-Identifier: Apache-2.0
#include "gateway/endpoints.hpp"

#include <algorithm>
#include <array>

namespace lumoz::gateway {
namespace {

constexpr std::array kEndpoints{
    Endpoint{"chat", "/v1/chat/completions", "engine.endpoint_urls.chat",
             "Another server for `/v1/chat/completions`", true},
    Endpoint{"completions", "/v1/completions", "engine.endpoint_urls.completions",
             "Another server for `/v1/completions`", true},
    Endpoint{"embeddings", "/v1/embeddings", "engine.endpoint_urls.embeddings",
             "Another server for `/v1/embeddings`", true},
    Endpoint{"messages", "/v1/messages", "engine.endpoint_urls.messages", "Another server for `/v1/messages`",
             true},
    Endpoint{"responses", "/v1/responses", "engine.endpoint_urls.responses",
             "Another server for `/v1/responses`", true},
    Endpoint{"rerank", "/v1/rerank", "engine.endpoint_urls.rerank", "Another server for `/v1/rerank`", false},
    Endpoint{"score", "/v1/score", "engine.endpoint_urls.score", "Another server for `/v1/score`", false},
    Endpoint{"images", "/v1/images/generations", "engine.endpoint_urls.images",
             "Another server for `/v1/images/generations`", false},
    Endpoint{"images_edits", "/v1/images/edits", "engine.endpoint_urls.images_edits",
             "Another server for `/v1/images/edits`", false},
    Endpoint{"transcriptions", "/v1/audio/transcriptions", "engine.endpoint_urls.transcriptions",
             "Another server for `/v1/audio/transcriptions`", false},
    Endpoint{"speech", "/v1/audio/speech", "engine.endpoint_urls.speech",
             "Another server for `/v1/audio/speech`", false},
    Endpoint{"tokenize", "/v1/tokenize", "engine.endpoint_urls.tokenize", "Another server for `/v1/tokenize`",
             true},
    Endpoint{"realtime", "/v1/realtime", "engine.endpoint_urls.realtime", "Another server for `/v1/realtime`",
             false},
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

// SPDX-License-Identifier: Apache-2.0
#include "gateway/engine_routes.hpp"

#include "gateway/media_type.hpp"
#include "net/http.hpp"

#include <algorithm>
#include <array>

namespace lumoz::gateway {
namespace {

// The pages with an end marker are those whose streaming protocol has one; the others just end.
constexpr std::array kRoutes{
    EngineRoute{.page = Page::ChatCompletions,
                .word = "chat",
                .end_marker = true,
                .llama_server = true,
                .id_prefix = "chatcmpl"},
    EngineRoute{.page = Page::Completions,
                .word = "completions",
                .end_marker = true,
                .llama_server = true,
                .id_prefix = "cmpl"},
    EngineRoute{.page = Page::Embeddings, .word = "embeddings", .llama_server = true, .id_prefix = "emb"},
    EngineRoute{.page = Page::Messages, .word = "messages", .end_marker = true, .llama_server = true},
    EngineRoute{.page = Page::Responses, .word = "responses", .end_marker = true, .llama_server = true},
    EngineRoute{.page = Page::Rerank, .word = "rerank", .id_prefix = "rerank"},
    EngineRoute{.page = Page::Score, .word = "score", .id_prefix = "score"},
    EngineRoute{.page = Page::ImagesGenerations, .word = "images", .id_prefix = "img"},
    EngineRoute{
        .page = Page::ImagesEdits, .word = "images_edits", .intake = Intake::Image, .id_prefix = "img"},
    EngineRoute{.page = Page::AudioTranscriptions,
                .word = "transcriptions",
                .intake = Intake::Audio,
                .id_prefix = "trans"},
    EngineRoute{.page = Page::AudioSpeech, .word = "speech"},
    EngineRoute{.page = Page::Tokenize,
                .word = "tokenize",
                .target = "/tokenize",
                .receipt = false,
                .llama_server = true},
    EngineRoute{.page = Page::Realtime, .word = "realtime", .receipt = false},
    EngineRoute{.page = Page::CatchAll, .word = "", .intake = Intake::Any},
};

}  // namespace

const EngineRoute& engine_route(Page page) {
    const auto* const found = std::ranges::find(kRoutes, page, &EngineRoute::page);
    return found == kRoutes.end() ? kRoutes.back() : *found;
}

std::span<const EngineRoute> endpoints() {
    return std::span(kRoutes).first(kRoutes.size() - 1);
}

const EngineRoute* endpoint_of_word(std::string_view word) {
    const std::span<const EngineRoute> all = endpoints();
    const auto found = std::ranges::find(all, word, &EngineRoute::word);
    return found == all.end() ? nullptr : &*found;
}

BodyForm body_form(Intake intake, const net::RequestHead& head) {
    if (intake == Intake::Json) return BodyForm::Json;
    const std::string_view type = head.headers.get("Content-Type");
    if (intake == Intake::Any && !head.has_body()) return BodyForm::None;
    if (is_media_type(type, "application/json")) return BodyForm::Json;
    if (is_media_type(type, "multipart/form-data")) return BodyForm::Multipart;
    return intake == Intake::Any ? BodyForm::Opaque : BodyForm::Refused;
}

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
#include "gateway/engine_routes.hpp"

#include "gateway/media_type.hpp"
#include "net/http.hpp"

#include <array>

namespace lumoz::gateway {
namespace {

// The pages with an end marker are those whose streaming protocol has one; the others just end.
constexpr std::array kRoutes{
    EngineRoute{.page = Page::ChatCompletions,
                .target = "/v1/chat/completions",
                .end_marker = true,
                .id_prefix = "chatcmpl"},
    EngineRoute{
        .page = Page::Completions, .target = "/v1/completions", .end_marker = true, .id_prefix = "cmpl"},
    EngineRoute{.page = Page::Embeddings, .target = "/v1/embeddings", .id_prefix = "emb"},
    EngineRoute{.page = Page::Messages, .target = "/v1/messages", .end_marker = true, .id_prefix = "pt"},
    EngineRoute{.page = Page::Responses, .target = "/v1/responses", .end_marker = true, .id_prefix = "pt"},
    EngineRoute{.page = Page::Rerank, .target = "/v1/rerank", .id_prefix = "rerank"},
    EngineRoute{.page = Page::Score, .target = "/v1/score", .id_prefix = "score"},
    EngineRoute{.page = Page::ImagesGenerations, .target = "/v1/images/generations", .id_prefix = "img"},
    EngineRoute{
        .page = Page::ImagesEdits, .target = "/v1/images/edits", .intake = Intake::Image, .id_prefix = "img"},
    EngineRoute{.page = Page::AudioTranscriptions,
                .target = "/v1/audio/transcriptions",
                .intake = Intake::Audio,
                .id_prefix = "trans"},
    EngineRoute{.page = Page::AudioSpeech, .target = "/v1/audio/speech", .id_prefix = "pt"},
    EngineRoute{.page = Page::Tokenize, .target = "/tokenize", .receipt = false, .id_prefix = "pt"},
    EngineRoute{.page = Page::CatchAll, .target = "", .intake = Intake::Any, .id_prefix = "pt"},
};

}  // namespace

const EngineRoute& engine_route(Page page) {
    for (const EngineRoute& route : kRoutes)
        if (route.page == page) return route;
    return kRoutes.back();
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

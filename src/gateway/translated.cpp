// SPDX-License-Identifier: Apache-2.0
#include "gateway/translated.hpp"

#include "base/log.hpp"
#include "gateway/inference.hpp"

namespace lumoz::gateway {

std::optional<translate::Protocol> translated_protocol(Page page, const Config& config) {
    const auto spoken = [&](std::string_view name) {
        return std::ranges::find(config.engine_speaks, name) != config.engine_speaks.end();
    };
    if (page == Page::Messages && !spoken("messages")) return translate::Protocol::Messages;
    if (page == Page::Responses && !spoken("responses")) return translate::Protocol::Responses;
    return std::nullopt;
}

std::expected<std::unique_ptr<translate::Translation>, ApiError> begin_translation(const Call& call,
                                                                                   std::string_view body) {
    const Config& config = call.service.config;
    const std::optional<translate::Protocol> protocol = translated_protocol(call.route->page, config);
    if (!protocol) return nullptr;
    const json::Limits limits{.max_bytes = static_cast<std::size_t>(config.max_body_bytes),
                              .max_depth = static_cast<std::uint32_t>(config.max_json_depth)};
    auto made = translate::Translation::of(*protocol, body, limits,
                                           {.id = call.id, .now = call.service.clock.now()});
    if (made) return std::move(*made);
    const bool for_client = made.error().rule == "E_TRANSLATE_REQUEST";
    return std::unexpected(api_error(Failure::BadRequest, for_client ? made.error().detail : std::string()));
}

std::string error_body(const ApiError& error, std::optional<Page> page) {
    std::string body = error_body(error);
    if (page == Page::Messages) body.insert(1, R"("type":"error",)");
    return body;
}

std::string error_event(const ApiError& error, std::optional<Page> page) {
    const std::string_view name = page == Page::Messages ? "event: error\n" : "";
    return std::string(name) + "data: " + error_body(error, page) + "\n\n";
}

// A whole answer of an engine that speaks another protocol than the client.
net::Task<void> Inference::relay_translated() {
    const Result<Bytes> chat = co_await engine_->read_all(translate::kMaxChatBytes);
    if (!chat) {
        Error error = chat.error();
        co_await engine_failed(std::move(error));
        co_return;
    }
    const Result<std::string> answer = translation_->answer(as_text(*chat));
    if (!answer) {
        Error error = answer.error();
        co_await engine_failed(std::move(error));
        co_return;
    }
    Bytes body = to_bytes(as_bytes(*answer));
    id_.feed(body);
    co_await answer_whole(status_, "application/json", std::move(body));
}

// The engine's next bytes, in the client's protocol.
net::Task<Status> Inference::take(ByteView piece) {
    if (!translation_) co_return co_await pass(piece);
    std::string translated;
    const Status read = translation_->piece(piece, translated);
    if (!translated.empty()) {
        LUMOZ_CO_CHECK_OK(co_await pass(as_bytes(translated)));
    }
    if (read) co_return Status{};
    log::warn("engine_failed", {{"id", call_.id}, {"rule", read.error().rule}});
    co_return fail(Errc::Limit, "E_TRANSLATE_ANSWER", "gateway.translated");
}

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
#include "gateway/translated.hpp"

#include "base/log.hpp"
#include "gateway/inference.hpp"
#include "translate/tidy.hpp"

namespace lumoz::gateway {

namespace {

struct FormOfPage {
    Page page;
    translate::RequestForm form;
    std::string_view name;
};
constexpr std::array<FormOfPage, 4> kForms{{
    {Page::ChatCompletions, translate::RequestForm::Chat, "chat.completions"},
    {Page::Completions, translate::RequestForm::Completions, "completions"},
    {Page::Responses, translate::RequestForm::Responses, "responses"},
    {Page::Messages, translate::RequestForm::Messages, "messages"},
}};

json::Limits limits_of(const Config& config) {
    return {.max_bytes = static_cast<std::size_t>(config.max_body_bytes),
            .max_depth = static_cast<std::uint32_t>(config.max_json_depth)};
}

ApiError bad_request(const Error& error) {
    const bool for_client = error.rule == "E_TRANSLATE_REQUEST";
    return api_error(Failure::BadRequest, for_client ? error.detail : std::string());
}

std::expected<FittedRequest, ApiError> tidied(const FormOfPage& row, const Config& config,
                                              std::string_view body) {
    const Result<json::Document> document = json::Document::parse(body, limits_of(config));
    if (!document) return std::unexpected(bad_request(document.error()));
    Result<std::string> made = translate::tidy_request(row.form, document->root());
    if (!made) return std::unexpected(bad_request(made.error()));
    FittedRequest out;
    const std::string name(row.name);
    out.tidied = std::move(*made);
    out.receipt_event = R"({"from":")" + name + R"(","to":")" + name + R"(","type":"lumoz.translated"})";
    return out;
}

}  // namespace

std::optional<translate::Protocol> translated_protocol(Page page, const Model& model) {
    const auto spoken = [&](std::string_view name) {
        return std::ranges::find(model.speaks, name) != model.speaks.end();
    };
    const bool chat = spoken("chat.completions");
    if (page == Page::Messages && chat && !spoken("messages")) return translate::Protocol::Messages;
    if (page == Page::Responses && chat && !spoken("responses")) return translate::Protocol::Responses;
    if (page == Page::ChatCompletions && !chat) return translate::Protocol::Chat;
    return std::nullopt;
}

std::expected<FittedRequest, ApiError> fit_request(const Call& call, const Model& model,
                                                   std::string_view body) {
    const Config& config = call.config();
    const Page page = call.route->page;
    FittedRequest out;
    out.given = body;
    if (const auto protocol = translated_protocol(page, model)) {
        auto made = translate::Translation::of(*protocol, body, limits_of(config),
                                               {.id = call.id, .now = call.service.clock.now()});
        if (!made) return std::unexpected(bad_request(made.error()));
        out.translation = std::move(*made);
        out.receipt_event = out.translation->receipt_event();
        return out;
    }
    const auto* const row = std::ranges::find(kForms, page, &FormOfPage::page);
    if (!model.tidy_requests || row == kForms.end()) return out;
    return tidied(*row, config, body);
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
    const Result<Bytes> chat = co_await engine_->read_all(translate::kMaxAnswer);
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

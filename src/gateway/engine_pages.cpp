// SPDX-License-Identifier: Apache-2.0
#include "gateway/engine_pages.hpp"

#include "base/log.hpp"

namespace lumoz::gateway {
namespace {

/// Engines with many models have some hundred kilobytes.
constexpr std::size_t kMaxMetrics = std::size_t{4} << 20;

struct EngineText {
    std::string type;
    Bytes body;
};

net::Task<std::expected<EngineText, ApiError>> read_metrics(Call& call, engine::Engine& engine) {
    const net::Headers headers{{"Accept", "text/plain"}};
    auto answer = co_await engine.send(call.exchange.loop(), "GET", "/metrics", headers, {}, nullptr);
    if (!answer) {
        log::warn("engine_metrics", {{"id", call.id}, {"rule", answer.error().rule}});
        co_return std::unexpected(
            api_error(answer.error().code == Errc::Timeout ? Failure::EngineTimeout : Failure::EngineDown));
    }
    const int status = (*answer)->head().status;
    if (status != 200) co_return std::unexpected(engine_error(status, {}));
    EngineText text{.type = std::string((*answer)->head().headers.get("Content-Type")), .body = {}};
    if (!text.type.starts_with("text/plain")) text.type = "text/plain; version=0.0.4; charset=utf-8";
    Result<Bytes> body = co_await (*answer)->read_all(kMaxMetrics);
    if (!body) co_return std::unexpected(api_error(Failure::EngineGarbage));
    text.body = std::move(*body);
    co_return text;
}

}  // namespace

net::Task<void> answer_engine_metrics(Call& call) {
    const std::shared_ptr<const ModelTable> models = call.models;
    if (models->all().empty() || !models->all().front().engine.ready()) {
        ApiError error = api_error(Failure::EngineNotReady);
        co_await respond_error(call, std::move(error));
        co_return;
    }
    auto text = co_await read_metrics(call, models->all().front().engine);
    if (!text) {
        co_await respond_error(call, std::move(text).error());
        co_return;
    }
    call.status = 200;
    call.response_bytes = text->body.size();
    const net::Headers headers = answer_headers(call, text->type);
    const Status sent = co_await call.exchange.respond(200, headers, text->body);
    if (!sent) call.cut_by = "client";
}

}  // namespace lumoz::gateway

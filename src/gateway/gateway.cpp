// SPDX-License-Identifier: Apache-2.0
#include "gateway/gateway.hpp"

#include "gateway/pages.hpp"
#include "gateway/realtime.hpp"
#include "gateway/request_log.hpp"

namespace lumoz::gateway {
namespace {

Call begin_call(net::Exchange& exchange, Service& service, Metrics& metrics) {
    std::string id = receipt::new_receipt_id();
    const std::string_view wished = exchange.head().headers.get("X-Request-ID");
    std::string request_id = is_request_id(wished) ? std::string(wished) : id;
    return Call{.exchange = exchange,
                .service = service,
                .metrics = metrics,
                .models = service.models.get(),
                .keys = service.keys.get(),
                .id = std::move(id),
                .request_id = std::move(request_id),
                .started = exchange.loop().now()};
}

std::chrono::microseconds to_us(net::Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

/// `Authorization`, or what Anthropic's clients say instead: `x-api-key`. Two credentials are none: a proxy
/// on the way may have looked at the other one.
std::string authorization_of(const net::Headers& headers) {
    const std::size_t keys = headers.count("x-api-key");
    if (headers.count("Authorization") + keys != 1) return {};
    if (keys == 0) return std::string(headers.get("Authorization"));
    return "Bearer " + std::string(headers.get("x-api-key"));
}

/// The catch-all is there when some engine is asked for such paths; which one is seen with the model.
bool route_exists(const ModelTable& models, const Route& route) {
    return route.page != Page::CatchAll || std::ranges::any_of(models.all(), &Model::catch_all);
}

}  // namespace

Gateway::Gateway(net::Loop& loop, Service& service) : service_(service), metrics_(service.metrics.add()) {
    if (!service.config.check_url.empty()) cloud_ = std::make_unique<Cloud>(loop, service, metrics_);
}

net::Task<void> Gateway::handle(net::Exchange& exchange) {
    Call call = begin_call(exchange, service_, metrics_);
    metrics_.active_requests.add();
    co_await answer(call);
    metrics_.active_requests.sub();
    finish(call);
}

net::Task<void> Gateway::answer(Call& call) {
    const net::RequestHead& head = call.exchange.head();
    std::expected<Route, ApiError> route = find_route(head.method, head.target);
    if (!route) {
        co_await respond_error(call, std::move(route).error());
        co_return;
    }
    if (!route_exists(*call.models, *route)) {
        ApiError error = api_error(Failure::NotFound);
        co_await respond_error(call, std::move(error));
        co_return;
    }
    call.route = std::move(*route);
    const std::string peer = service_.limits.by_address() ? call.exchange.peer() : std::string();
    if (const unsigned wait = service_.limits.of_address(peer, head.headers, call.started); wait != 0) {
        ApiError error = api_error(Failure::RateLimited);
        co_await respond_error(call, std::move(error), wait);
        co_return;
    }
    if (needs_credential(call.route->page)) {
        std::optional<ApiError> refusal = co_await find_principal(call);
        if (refusal) {
            co_await respond_error(call, std::move(*refusal));
            co_return;
        }
        const unsigned wait = service_.limits.of_credential(call.principal.name, call.exchange.loop().now());
        if (wait != 0) {
            ApiError error = api_error(Failure::RateLimited);
            co_await respond_error(call, std::move(error), wait);
            co_return;
        }
    }
    if (call.route->page == Page::Realtime) {
        co_await talk(call);
    } else if (is_inference(call.route->page)) {
        co_await infer(call);
    } else {
        co_await answer_page(call);
    }
}

net::Task<std::optional<ApiError>> Gateway::find_principal(Call& call) {
    const net::Headers& headers = call.exchange.head().headers;
    const std::shared_ptr<const TokenTable> table = service_.credentials.get();
    const std::string authorization = authorization_of(headers);
    call.principal = authenticate(table.get(), authorization);
    if (call.principal.allowed()) co_return std::nullopt;
    if (call.config().signatures_open && !is_inference(call.route->page)) co_return std::nullopt;
    const std::string_view token = bearer_token(authorization);
    if (!cloud_ || !cloud_->check.wants(token)) co_return api_error(Failure::Unauthorized);
    std::string asked(token);
    auto checked = co_await cloud_->check.check(std::move(asked));
    if (!checked) co_return std::move(checked).error();
    call.principal = std::move(*checked);
    if (service_.config.report_usage) call.bearer = token;
    co_return std::nullopt;
}

net::Task<void> Gateway::infer(Call& call) {
    Inference inference(call);
    running_.insert(&inference);
    co_await inference.run();
    running_.erase(&inference);
}

net::Task<void> Gateway::talk(Call& call) {
    Realtime realtime(call);
    running_.insert(&realtime);
    co_await realtime.run();
    running_.erase(&realtime);
}

void Gateway::cut_all() {
    for (Running* running : running_)
        running->cut(receipt::CutBy::Shutdown);
}

void Gateway::finish(Call& call) {
    const net::Duration took = call.exchange.loop().now() - call.started;
    const std::optional<Page> page = call.route ? std::optional(call.route->page) : std::nullopt;
    metrics_.request_done(page, call.status, took);
    if (page && is_inference(*page)) count(call);
    if (cloud_ && call.used) cloud_->reports.add(std::move(call.bearer), *call.used);
    write_request_line({
        .id = call.id,
        .route = call.route ? call.route->name : std::string_view("other"),
        .method = call.exchange.head().method,
        .status = call.status,
        .request_bytes = call.request_bytes,
        .response_bytes = call.response_bytes,
        .took = to_us(took),
        .engine_head = to_us(call.engine_head),
        .receipt_wait = to_us(call.receipt_wait),
        .principal = call.principal.name,
        .cut_by = call.cut_by,
        .stream = call.stream,
        .tls = call.exchange.over_tls(),
    });
}

void Gateway::count(const Call& call) {
    metrics_.traffic.add({.endpoint = call.route->name,
                          .model = call.model,
                          .stream = call.stream,
                          .engine_status = call.engine_status,
                          .receipt = call.receipt,
                          .cut_by = call.cut_by});
    if (call.engine_status > 0)
        metrics_.engine_head_of[static_cast<std::size_t>(call.route->page)].observe(call.engine_head);
}

std::string Gateway::error_body(int status) const {
    return gateway::error_body(server_error_for_status(status));
}

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
#include "gateway/realtime.hpp"

#include "base/log.hpp"
#include "gateway/inference.hpp"

namespace lumoz::gateway {
namespace {

constexpr std::string_view kProtocol = "websocket";
constexpr std::size_t kMaxEngineError = 65'536;

/// The list without its entries that carry a key.
std::string without_keys(std::string_view protocols) {
    std::string out;
    while (!protocols.empty()) {
        const std::size_t comma = std::min(protocols.find(','), protocols.size());
        std::string_view entry = protocols.substr(0, comma);
        protocols.remove_prefix(std::min(comma + 1, protocols.size()));
        entry.remove_prefix(std::min(entry.find_first_not_of(" \t"), entry.size()));
        const bool key = net::iequals(entry.substr(0, entry.find('.')), "openai-insecure-api-key");
        if (entry.empty() || key) continue;
        out.append(out.empty() ? "" : ", ").append(entry);
    }
    return out;
}

std::string_view cut_text(net::TunnelEnd end) {
    switch (end) {
        case net::TunnelEnd::Closed:
            return {};
        case net::TunnelEnd::Broken:
            return "peer";
        default:
            return "deadline";
    }
}

}  // namespace

std::expected<net::Headers, ApiError> websocket_headers(const net::RequestHead& head) {
    const net::Headers& from = head.headers;
    const bool asked = head.http11 && !head.has_body() && net::has_token(from.get("Connection"), "upgrade") &&
                       net::iequals(from.get("Upgrade"), kProtocol) && from.count("Sec-WebSocket-Key") == 1 &&
                       from.count("Sec-WebSocket-Version") == 1;
    if (!asked)
        return std::unexpected(api_error(Failure::BadRequest, "/v1/realtime needs a WebSocket handshake"));
    net::Headers out;
    for (std::size_t i = 0; i < from.size(); ++i) {
        const net::HeaderView field = from[i];
        if (!net::iequals(field.name, "Sec-WebSocket-Protocol")) {
            out.add(field.name, field.value);
            continue;
        }
        const std::string protocols = without_keys(field.value);
        if (!protocols.empty()) out.add(field.name, protocols);
    }
    return out;
}

void Realtime::cut(receipt::CutBy by) {
    if (cut_) return;
    cut_ = by;
    token_.cancel();
    if (engine_) engine_->cancel();
}

net::Task<void> Realtime::run() {
    if (call_.service.draining.load(std::memory_order_relaxed)) {
        ApiError error = api_error(Failure::Draining);
        co_await respond_error(call_, std::move(error));
        co_return;
    }
    call_.exchange.on_peer_gone([this] { cut(receipt::CutBy::Client); });
    auto connected = co_await connect();
    call_.exchange.on_peer_gone({});
    if (cut_ == receipt::CutBy::Client) {
        call_.status = 499;
        call_.cut_by = "client";
        call_.exchange.abort();
        co_return;
    }
    if (!connected) {
        co_await respond_error(call_, std::move(connected).error());
        co_return;
    }
    co_await pass();
}

// Up to the engine's 101.
net::Task<std::expected<void, ApiError>> Realtime::connect() {
    const net::RequestHead& head = call_.exchange.head();
    const auto headers = websocket_headers(head);
    if (!headers) co_return std::unexpected(headers.error());
    const auto model = choose_model(*call_.models, query_value(head.query(), "model"), call_.route->name,
                                    call_.keys->identity);
    if (!model) co_return std::unexpected(model.error());
    if (!lease_.take(**model)) co_return std::unexpected(api_error(Failure::ModelNotFound));
    call_.model = (*model)->name;
    Model::Route route = (*model)->route(call_.route->name);
    if (!route.engine.ready()) co_return std::unexpected(api_error(Failure::EngineNotReady));
    net::Payload payload;
    payload.upgrade = kProtocol;
    std::string method = "GET";
    std::string target = route.target == call_.route->name ? head.target : std::move(route.target);
    auto sent = co_await route.engine.send(call_.exchange.loop(), std::move(method), std::move(target),
                                           *headers, payload, &token_);
    if (!sent) {
        log::warn("engine_failed", {{"id", call_.id}, {"rule", sent.error().rule}});
        co_return std::unexpected(
            api_error(cut_ == receipt::CutBy::Shutdown ? Failure::Draining : engine_failure(sent.error())));
    }
    engine_ = std::move(*sent);
    const net::ResponseHead& answer = engine_->head();
    if (answer.status != 101) co_return co_await read_refusal();
    if (cut_ || !net::iequals(answer.headers.get("Upgrade"), kProtocol))
        co_return std::unexpected(api_error(cut_ ? Failure::Draining : Failure::EngineGarbage));
    co_return std::expected<void, ApiError>();
}

net::Task<std::expected<void, ApiError>> Realtime::read_refusal() {
    const Result<Bytes> body = co_await engine_->read_all(kMaxEngineError);
    const int status = engine_->head().status;
    log::warn("engine_refused", {{"id", call_.id}, {"status", std::int64_t{status}}});
    co_return std::unexpected(engine_error(status, body ? as_text(*body) : std::string_view()));
}

net::Task<void> Realtime::pass() {
    const Config& config = call_.config();
    const net::Headers& from = engine_->head().headers;
    net::Headers headers{{"Upgrade", kProtocol}};
    for (const std::string_view name :
         {"Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"})
        if (const auto value = from.find(name)) headers.add(name, *value);
    headers.add("X-Request-ID", call_.request_id);
    const net::TunnelLimits limits{.idle = config.realtime_idle_timeout,
                                   .write = config.write_timeout,
                                   .total = config.engine_total_timeout};
    call_.status = 101;
    call_.stream = true;
    call_.metrics.streams_total.add();
    call_.metrics.streaming_requests.add();
    const auto result = co_await call_.exchange.tunnel(headers, *engine_, limits);
    call_.metrics.streaming_requests.sub();
    if (!result) {
        call_.cut_by = "client";
        co_return;
    }
    call_.request_bytes = result->from_first;
    call_.response_bytes = result->from_second;
    call_.metrics.request_bytes.add(result->from_first);
    call_.metrics.response_bytes.add(result->from_second);
    call_.cut_by = cut_ ? receipt::to_text(*cut_) : cut_text(result->end);
}

}  // namespace lumoz::gateway

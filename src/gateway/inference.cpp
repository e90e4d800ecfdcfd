// SPDX-License-Identifier: Apache-2.0
#include "gateway/inference.hpp"

#include "base/log.hpp"
#include "gateway/media_type.hpp"
#include "gateway/request_hash.hpp"
#include "gateway/translated.hpp"

#include <array>

namespace lumoz::gateway {
namespace {

/// What of an engine's error answer is read to choose our text.
constexpr std::size_t kMaxEngineError = 65'536;
constexpr std::size_t kMaxContentType = 128;

/// A media type that can be passed on: printable ASCII of bounded length.
bool is_content_type(std::string_view text) {
    return !text.empty() && text.size() <= kMaxContentType &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// The client wants its fields encrypted (specs/api.md 6.1): it must never be answered in clear.
bool wants_field_encryption(const net::Headers& headers) {
    constexpr std::array<std::string_view, 6> kHeaders{"X-Client-Pub-Key",     "X-E2EE-Version",
                                                       "X-E2EE-Nonce",         "X-E2EE-Timestamp",
                                                       "X-Encryption-Version", "X-Encrypt-All-Fields"};
    return std::ranges::any_of(kHeaders,
                               [&](std::string_view name) { return headers.find(name).has_value(); });
}

bool is_plain_coding(std::string_view coding) {
    return coding.empty() || net::iequals(coding, "identity");
}

}  // namespace

ApiError body_error(const Error& error, std::int64_t max_bytes) {
    if (error.code == Errc::Limit)
        return api_error(Failure::PayloadTooLarge,
                         "Request body too large. Maximum: " + std::to_string(max_bytes) + " bytes");
    if (error.code == Errc::Timeout) return api_error(Failure::RequestTimeout);
    return api_error(Failure::BadRequest, "The request body could not be read");
}

Failure engine_failure(const Error& error) {
    if (error.code == Errc::Timeout) return Failure::EngineTimeout;
    if (error.code == Errc::Unavailable) return Failure::EngineNotReady;
    if (error.rule == "E_NET_REFUSED" || error.rule == "E_NET_RESOLVE" || error.rule.starts_with("E_TLS_"))
        return Failure::EngineDown;
    return Failure::EngineGarbage;
}

std::expected<InlineProof, ApiError> read_inline_proof(const net::Headers& headers) {
    InlineProof proof;
    const std::optional<std::string_view> wish = headers.find("X-Proof");
    if (!wish) return proof;
    proof.wanted = true;
    proof.trailers = net::has_token(headers.get("TE"), "trailers");
    if (*wish == "inline" || *wish == "inline;algo=ecdsa" || *wish == "inline; algo=ecdsa") return proof;
    if (*wish == "inline;algo=ed25519" || *wish == "inline; algo=ed25519") {
        proof.algo = receipt::Algo::Ed25519;
        return proof;
    }
    return std::unexpected(
        api_error(Failure::BadRequest, "X-Proof must be `inline`, or `inline;algo=` with ecdsa or ed25519"));
}

/// Ends an answer that takes longer than `engine.total_timeout`.
class Inference::TotalLimit final : public net::Deadline {
public:
    TotalLimit(net::Loop& loop, Inference& owner) : Deadline(loop), owner_(owner) {}

private:
    void expired() override { owner_.cut(receipt::CutBy::Deadline); }
    Inference& owner_;
};

Inference::Inference(Call& call)
    : call_(call),
      route_(engine_route(call.route->page)),
      receipt_(route_.receipt),
      id_(IdScanner::Mode::Json) {}

Inference::~Inference() {
    call_.exchange.on_peer_gone({});
}

void Inference::cut(receipt::CutBy by) {
    if (cut_) return;
    cut_ = by;
    token_.cancel();
    if (engine_) engine_->cancel();
}

std::optional<ApiError> Inference::admission() const {
    Service& service = call_.service;
    if (service.draining.load(std::memory_order_relaxed)) return api_error(Failure::Draining);
    if (const Status healthy = service.store.healthy(); !healthy) {
        log::warn("store_unhealthy", {{"rule", healthy.error().rule}});
        return api_error(Failure::StoreUnhealthy);
    }
    if (service.clock.now() >= call_.keys->identity.not_after) return api_error(Failure::KeysExpired);
    return std::nullopt;
}

std::expected<RequestBody, ApiError> Inference::check_body(std::string_view body) {
    const Config& config = call_.config();
    auto parsed = read_request_body(body, static_cast<std::size_t>(config.max_body_bytes),
                                    static_cast<std::uint32_t>(config.max_json_depth));
    if (!parsed) return parsed;
    if (std::optional<ApiError> error = choose_model(parsed->model)) return std::unexpected(*error);
    return parsed;
}

std::optional<ApiError> Inference::choose_model(const std::optional<std::string>& name) {
    const bool any_path = route_.page == Page::CatchAll;
    const auto model =
        gateway::choose_model(*call_.models, name, any_path ? "" : call_.route->name, call_.keys->identity);
    if (!model) return model.error();
    if (any_path && !(*model)->catch_all) return api_error(Failure::NotFound);
    if (!lease_.take(**model)) return api_error(Failure::ModelNotFound);
    model_ = *model;
    call_.model = model_->name;
    fields_.model = model_->name;
    fields_.model_event = model_->event;
    return std::nullopt;
}

// Where the request goes: the endpoint's own server, where it has one; else the engine, where the catch-all
// asks for what came, and others for the page's path or what it is called there.
Model::Route Inference::destination() const {
    const std::string_view path = translation_ ? translation_->target() : std::string_view(fields_.endpoint);
    Model::Route route = model_->route(path);
    if (translation_ || route.target != path) return route;
    if (route_.page == Page::CatchAll) route.target = call_.exchange.head().target;
    if (!route_.target.empty()) route.target = route_.target;
    return route;
}

std::optional<ApiError> Inference::engine_trouble() const {
    if (destination().engine.ready()) return std::nullopt;
    return api_error(Failure::EngineNotReady);
}

// What is known of every request before its body.
std::optional<ApiError> Inference::describe() {
    const net::RequestHead& head = call_.exchange.head();
    fields_.receipt_id = call_.id;
    fields_.endpoint =
        route_.page == Page::CatchAll ? call_.route->parameter : std::string(call_.route->name);
    fields_.method = head.method;
    fields_.config_sha256 = call_.keys->identity.facts.config_sha256;
    fields_.gpu_digest = call_.keys->identity.facts.gpu_digest;
    if (!call_.models->change_event().empty()) fields_.other_events.push_back(call_.models->change_event());
    if (wants_field_encryption(head.headers)) return api_error(Failure::FieldEncryption);
    const auto substituted = substituted_hash(call_);
    if (!substituted) return substituted.error();
    substituted_ = *substituted;
    const auto proof = read_inline_proof(head.headers);
    if (!proof) return proof.error();
    proof_ = *proof;
    if (!receipt_) proof_.wanted = false;
    return std::nullopt;
}

// Once, when the body has come. From here on refusals have a receipt.
void Inference::set_request_hash(const Digest256& received) {
    fields_.request = receipt::RequestHash(substituted_.value_or(received).bytes);
    if (substituted_) fields_.other_events.push_back(substituted_hash_event(call_.principal.name, received));
}

net::Task<void> Inference::run() {
    if (std::optional<ApiError> refusal = admission()) {
        co_await respond_error(call_, std::move(*refusal));
        co_return;
    }
    const BodyForm form = body_form(route_.intake, call_.exchange.head());
    if (form == BodyForm::Json) {
        co_await run_json();
    } else if (form == BodyForm::None) {
        co_await run_bodiless();
    } else {
        co_await run_upload(form);
    }
}

net::Task<void> Inference::run_json() {
    const auto max_bytes = call_.config().max_body_bytes;
    const Result<ByteView> body = co_await call_.exchange.read_body(static_cast<std::size_t>(max_bytes));
    if (!body) {
        ApiError error = body_error(body.error(), max_bytes);
        co_await respond_error(call_, std::move(error));
        co_return;
    }
    call_.request_bytes = body->size();
    call_.metrics.request_bytes.add(body->size());
    const Digest256 digest = crypto::sha256(*body);
    std::optional<ApiError> refusal = describe();
    set_request_hash(digest);
    if (refusal) {
        co_await refuse(std::move(*refusal));
        co_return;
    }
    const std::expected<RequestBody, ApiError> parsed = check_body(as_text(*body));
    if (!parsed) {
        co_await refuse(parsed.error());
        co_return;
    }
    auto fitted = fit_request(call_, *model_,
                              parsed->forwarded ? std::string_view(*parsed->forwarded) : as_text(*body));
    if (!fitted) {
        co_await refuse(std::move(fitted).error());
        co_return;
    }
    const std::string_view forwarded = fitted->body();
    translation_ = std::move(fitted->translation);
    refusal = engine_trouble();
    if (refusal) {
        co_await refuse(std::move(*refusal));
        co_return;
    }
    if (!fitted->receipt_event.empty()) fields_.other_events.push_back(std::move(fitted->receipt_event));
    const bool as_received = forwarded.data() == as_text(*body).data();
    fields_.forwarded =
        receipt::ForwardedHash(as_received ? digest.bytes : crypto::sha256(as_bytes(forwarded)).bytes);
    co_await forward(as_bytes(forwarded));
}

// A request without a body is hashed as `path[?query]` (specs/api.md 4.1).
net::Task<void> Inference::run_bodiless() {
    const net::RequestHead& head = call_.exchange.head();
    const Digest256 digest = crypto::sha256(as_bytes(head.target));
    std::optional<ApiError> refusal = describe();
    set_request_hash(digest);
    if (!refusal) refusal = choose_model(query_value(head.query(), "model"));
    if (!refusal) refusal = engine_trouble();
    if (refusal) {
        co_await refuse(std::move(*refusal));
        co_return;
    }
    fields_.forwarded = receipt::ForwardedHash(digest.bytes);
    co_await forward({});
}

void Inference::watch_client() {
    call_.exchange.on_peer_gone([this] { cut(receipt::CutBy::Client); });
    if (call_.exchange.peer_gone()) cut(receipt::CutBy::Client);
}

net::Task<void> Inference::forward(net::Payload body) {
    net::Loop& loop = call_.exchange.loop();
    const Config& config = call_.config();
    // A body that is streamed watches the client by itself until its end.
    if (!upload_) watch_client();
    total_limit_ = std::make_unique<TotalLimit>(loop, *this);
    total_limit_->set(loop.now() + config.engine_total_timeout);
    const net::TimePoint begin = loop.now();
    const net::RequestHead& request = call_.exchange.head();
    Model::Route route = destination();
    std::string method = request.method;
    auto sent = co_await route.engine.send(loop, std::move(method), std::move(route.target), request.headers,
                                           body, &token_);
    call_.engine_head = loop.now() - begin;
    call_.metrics.engine_head.observe(call_.engine_head);
    if (upload_) {
        const bool whole = co_await settle_upload();
        if (!whole) co_return;
    }
    if (!sent) {
        co_await engine_failed(std::move(sent).error());
        co_return;
    }
    engine_ = std::move(*sent);
    if (cut_) {
        Error closed{Errc::Closed, "E_NET_CLOSED", "gateway.forward", {}};
        co_await engine_failed(std::move(closed));
        co_return;
    }
    const net::ResponseHead& head = engine_->head();
    status_ = head.status;
    call_.engine_status = head.status;
    if (status_ < 200 || status_ > 299) {
        co_await refused_by_engine();
        co_return;
    }
    content_type_ = head.headers.get("Content-Type");
    if (!is_content_type(content_type_)) content_type_ = "application/octet-stream";
    if (!is_plain_coding(head.headers.get("Content-Encoding"))) {
        // The bytes that we hash must be the bytes that mean something to the client.
        Error coded{Errc::Malformed, "E_ENGINE_CODING", "gateway.forward", {}};
        co_await engine_failed(std::move(coded));
        co_return;
    }
    length_ = engine_->content_length();
    sse_ = is_media_type(content_type_, "text/event-stream");
    if (route_.page == Page::CatchAll && !sse_ && !is_media_type(content_type_, "application/json")) {
        receipt_ = false;
        proof_.wanted = false;
    }
    if (sse_) {
        id_ = IdScanner(IdScanner::Mode::Sse);
        usage_ = UsageScanner(UsageScanner::Mode::Sse);
    }
    co_await relay();
}

net::Task<void> Inference::refused_by_engine() {
    const Result<Bytes> body = co_await engine_->read_all(kMaxEngineError);
    if (cut_ == receipt::CutBy::Client) {
        co_await record_cut(receipt::CutBy::Client);
        co_return;
    }
    ApiError error = engine_error(status_, body ? as_text(*body) : std::string_view());
    log::warn("engine_refused", {{"id", call_.id}, {"status", std::int64_t{status_}}});
    co_await refuse(std::move(error));
}

// Nothing has left to the client yet: it gets a whole answer that says what happened.
net::Task<void> Inference::engine_failed(Error error) {
    if (cut_ == receipt::CutBy::Client) {
        co_await record_cut(receipt::CutBy::Client);
        co_return;
    }
    Failure failure = engine_failure(error);
    if (failure == Failure::EngineDown || failure == Failure::EngineNotReady) fields_.forwarded.reset();
    if (cut_ == receipt::CutBy::Deadline) failure = Failure::EngineTimeout;
    if (cut_ == receipt::CutBy::Shutdown) failure = Failure::Draining;
    log::warn("engine_failed", {{"id", call_.id}, {"rule", error.rule}, {"where", error.where}});
    if (engine_) engine_->cancel();
    ApiError answer = api_error(failure);
    co_await refuse(std::move(answer));
}

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// Inference: passing the body of the engine's answer on.
#include "base/log.hpp"
#include "gateway/inference.hpp"
#include "gateway/insert_id.hpp"
#include "gateway/media_type.hpp"
#include "gateway/translated.hpp"

namespace lumoz::gateway {
namespace {

/// A JSON answer up to this size is taken whole and leaves in one write with its head.
constexpr std::size_t kWholeAnswer = std::size_t{256} << 10;
/// What may be held back of a stream: a terminal event can carry the whole answer once more.
constexpr std::size_t kMaxHeld = std::size_t{16} << 20;

/// Counts up while it lives.
class Gauge {
public:
    explicit Gauge(Counter& counter) : counter_(counter) { counter_.add(); }
    ~Gauge() { counter_.sub(); }
    Gauge(const Gauge&) = delete;
    Gauge& operator=(const Gauge&) = delete;

private:
    Counter& counter_;
};

}  // namespace

net::Task<void> Inference::relay() {
    if (translation_ && !sse_) {
        co_await relay_translated();
        co_return;
    }
    Bytes whole;
    if (!sse_ && is_media_type(content_type_, "application/json")) {
        const std::size_t limit =
            proof_.wanted || call_.config().insert_ids
                ? std::max(kWholeAnswer, static_cast<std::size_t>(call_.config().inline_proof_bytes))
                : kWholeAnswer;
        if (length_ && *length_ <= limit) whole.reserve(static_cast<std::size_t>(*length_));
        while (whole.size() <= limit && length_.value_or(0) <= limit) {
            const Result<ByteView> piece = co_await engine_->read_some();
            if (!piece) {
                Error error = piece.error();
                co_await engine_failed(std::move(error));
                co_return;
            }
            if (piece->empty()) {
                id_.feed(whole);
                usage_.feed(whole);
                give_id(whole);
                co_await answer_whole(status_, content_type_, std::move(whole));
                co_return;
            }
            append(whole, *piece);
        }
    }
    co_await relay_stream(std::move(whole));
}

void Inference::give_id(Bytes& whole) {
    if (!call_.config().insert_ids || !receipt_) return;
    const Digest256 engine_body = crypto::sha256(whole);
    fields_.chat_id = insert_id(whole, route_.id_prefix);
    if (fields_.chat_id) fields_.other_events.push_back(inserted_id_event(engine_body));
}

net::Task<void> Inference::relay_stream(Bytes first) {
    call_.stream = true;
    call_.metrics.streams_total.add();
    const Gauge under_way(call_.metrics.streaming_requests);
    // With a proof the end of the answer is a trailer, which only chunked answers have.
    if (proof_.wanted || sse_) length_.reset();
    const std::optional<std::uint64_t> promised = translation_ ? std::nullopt : engine_->content_length();
    if (!first.empty()) {
        const Status passed = co_await pass(first);
        if (!passed) cut(receipt::CutBy::Client);
    }
    while (!cut_) {
        const Result<ByteView> piece = co_await engine_->read_some();
        if (cut_) break;
        if (!piece) {
            const bool late = piece.error().code == Errc::Timeout;
            log::warn("engine_failed",
                      {{"id", call_.id}, {"rule", piece.error().rule}, {"sent", std::int64_t(sent_)}});
            ApiError error = api_error(late ? Failure::EngineTimeout : Failure::EngineGarbage);
            co_await cut_stream(late ? receipt::CutBy::Deadline : receipt::CutBy::Engine, std::move(error));
            co_return;
        }
        if (piece->empty()) break;
        const Status passed = co_await take(*piece);
        if (!passed) {
            if (passed.error().code == Errc::Limit) {
                ApiError error = api_error(Failure::EngineGarbage);
                co_await cut_stream(receipt::CutBy::Engine, std::move(error));
                co_return;
            }
            cut(receipt::CutBy::Client);
        }
    }
    if (cut_) {
        const bool shutdown = *cut_ == receipt::CutBy::Shutdown;
        ApiError error = api_error(shutdown ? Failure::Draining : Failure::EngineTimeout);
        co_await cut_stream(*cut_, std::move(error));
        co_return;
    }
    if ((sse_ && route_.end_marker && !scanner_.terminal()) || (promised && *promised != arrived_)) {
        // A stream that just stops is not an answer: the end marker is missing.
        log::warn("engine_failed",
                  {{"id", call_.id}, {"rule", "E_ENGINE_NO_END"}, {"sent", std::int64_t(sent_)}});
        ApiError error = api_error(Failure::EngineGarbage);
        co_await cut_stream(receipt::CutBy::Engine, std::move(error));
        co_return;
    }
    co_await end_stream();
}

Status Inference::begin() {
    net::Headers headers = headers_for(content_type_);
    if (sse_) {
        headers.add("Cache-Control", "no-cache");
        headers.add("X-Accel-Buffering", "no");
    }
    if (proof_.wanted && (!sse_ || proof_.trailers))
        headers.add("Trailer", "X-Signature, X-Signing-Address, X-Signing-Algo, X-Signature-Text");
    call_.status = status_;
    return call_.exchange.begin(status_, headers, length_);
}

// Sends what may leave of the bytes that came, and keeps the rest.
net::Task<Status> Inference::pass(ByteView piece) {
    id_.feed(piece);
    usage_.feed(piece);
    arrived_ += piece.size();
    std::uint64_t free = arrived_;
    if (sse_) {
        free = scanner_.feed(piece);
    } else if (length_ && arrived_ >= *length_) {
        free = std::max<std::uint64_t>(*length_ == 0 ? 0 : *length_ - 1, sent_);
    }
    const auto count = static_cast<std::size_t>(free - sent_);
    if (held_.size() + piece.size() - count > kMaxHeld)
        co_return fail(Errc::Limit, "E_ENGINE_HELD", "gateway.relay",
                       "more than 16 MiB behind the end marker");
    co_return co_await release(count, piece);
}

// The first `count` bytes of `held_` and `piece` together leave; what is left is held.
net::Task<Status> Inference::release(std::size_t count, ByteView piece) {
    if (count == 0) {
        append(held_, piece);
        co_return Status{};
    }
    if (!call_.exchange.begun()) {
        LUMOZ_CO_CHECK_OK(begin());
    }
    if (!held_.empty()) {
        append(held_, piece);
        const ByteView out = ByteView(held_).first(count);
        hash_.update(out);
        sent_ += out.size();
        const Status written = co_await call_.exchange.write(out);
        held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count));
        co_return written;
    }
    const ByteView out = piece.first(count);
    hash_.update(out);
    sent_ += out.size();
    // The rest is copied before the write: the view lives until the next read only, the order costs nothing.
    append(held_, piece.subspan(count));
    co_return co_await call_.exchange.write(out);
}

net::Task<void> Inference::end_stream() {
    hash_.update(held_);
    const std::uint64_t total = sent_ + held_.size();
    const Digest256 response = hash_.finish();
    const auto sealed = co_await seal(response, std::nullopt, total);
    if (!sealed) {
        // Design decision 10: what the client has then is no answer, and says so.
        if (sse_ && call_.exchange.begun()) {
            const std::string event = error_event(api_error(Failure::StoreUnhealthy), call_.route->page);
            const Status told = co_await call_.exchange.write(as_bytes(event));
            if (!told) call_.cut_by = "client";
        }
        if (!call_.exchange.begun()) {
            ApiError error = api_error(Failure::StoreUnhealthy);
            co_await respond_error(call_, std::move(error));
            co_return;
        }
        call_.exchange.abort();
        co_return;
    }
    if (!call_.exchange.begun()) {
        if (const Status begun = begin(); !begun) co_return;
    }
    Bytes last = std::move(held_);
    call_.response_bytes = total;
    call_.metrics.response_bytes.add(total);
    net::Headers trailers;
    const net::Headers* trailers_sent = nullptr;
    if (proof_.wanted && *sealed) {
        call_.metrics.inline_proofs.add();
        if (sse_ && scanner_.finished()) append(last, as_bytes(proof_event(**sealed)));
        if (!sse_ || proof_.trailers) {
            add_proof_headers(trailers, **sealed);
            trailers_sent = &trailers;
        }
    }
    const Status finished = co_await call_.exchange.finish(last, trailers_sent);
    if (!finished) call_.cut_by = "client";
}

// The answer ends here, before its end. What was handed over has a receipt that says so (decision 11).
net::Task<void> Inference::cut_stream(receipt::CutBy by, ApiError error) {
    engine_->cancel();
    if (!call_.exchange.begun() && by != receipt::CutBy::Client) {
        // Nothing left yet, so the client can have a whole answer instead.
        held_.clear();
        co_await refuse(std::move(error));
        co_return;
    }
    const bool tell = sse_ && by != receipt::CutBy::Client;
    if (tell) {
        // A piece of a long event may have left: a blank line ends it.
        const std::string_view before = sent_ > scanner_.event_begin() ? "\n\n" : "";
        const std::string event = std::string(before) + error_event(error, call_.route->page);
        hash_.update(as_bytes(event));
        sent_ += event.size();
        const Status told = co_await call_.exchange.write(as_bytes(event));
        if (!told) call_.cut_by = "client";
    }
    co_await record_cut(by);
}

}  // namespace lumoz::gateway

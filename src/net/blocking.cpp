// SPDX-License-Identifier: Apache-2.0
#include "net/blocking.hpp"

namespace lumoz::net {

namespace {

using OnHead = std::function<bool(const ResponseHead&)>;
using OnPiece = std::function<bool(ByteView)>;

struct Call {
    const Url& url;
    std::string_view method;
    std::string_view target;
    const Headers& headers;
    ByteView body;
    const BlockingOptions& options;
    const OnHead* on_head = nullptr;
    const OnPiece* on_piece = nullptr;
};

/// Cancels a call that takes too long as a whole.
class TotalLimit final : public Deadline {
public:
    using Deadline::Deadline;
    CancelToken token;
    std::unique_ptr<ClientExchange> exchange;
    bool over = false;

private:
    void expired() override {
        over = true;
        token.cancel();
        if (exchange) exchange->cancel();
    }
};

Task<Result<Response>> perform(Client& client, const Call& call, TotalLimit& limit) {
    LUMOZ_CO_TRY(limit.exchange, co_await client.send(std::string(call.method), std::string(call.target),
                                                      call.headers, call.body, &limit.token));
    ClientExchange* const exchange = limit.exchange.get();
    Response out;
    out.head = exchange->head();
    out.peer_spki = exchange->peer_spki();
    if (call.on_piece == nullptr) {
        LUMOZ_CO_TRY(out.body, co_await exchange->read_all(call.options.max_bytes));
        co_return out;
    }
    bool go_on = (*call.on_head)(out.head);
    while (go_on) {
        LUMOZ_CO_TRY(const ByteView piece, co_await exchange->read_some());
        if (piece.empty()) co_return out;
        go_on = (*call.on_piece)(piece);
    }
    co_return fail(Errc::Closed, "E_NET_CANCELLED", "net.blocking.stream");
}

Task<void> perform_and_stop(Loop& loop, Client& client, const Call& call, Result<Response>& result) {
    TotalLimit limit(loop);
    limit.set(loop.now() + call.options.total);
    result = co_await perform(client, call, limit);
    limit.exchange.reset();
    if (limit.over && !result) result = fail(Errc::Timeout, "E_NET_TIMEOUT", "net.blocking.total");
    loop.stop();
}

}  // namespace

/// Makes a loop known to an interrupt while it runs.
class InterruptibleRun {
public:
    InterruptibleRun(Loop& loop, Interrupt* interrupt) : interrupt_(interrupt) {
        if (interrupt_ == nullptr) return;
        const std::scoped_lock lock(interrupt_->mutex_);
        interrupt_->running_ = &loop;
    }
    ~InterruptibleRun() {
        if (interrupt_ == nullptr) return;
        const std::scoped_lock lock(interrupt_->mutex_);
        interrupt_->running_ = nullptr;
    }
    InterruptibleRun(const InterruptibleRun&) = delete;
    InterruptibleRun& operator=(const InterruptibleRun&) = delete;
    [[nodiscard]] bool stopped() const {
        if (interrupt_ == nullptr) return false;
        const std::scoped_lock lock(interrupt_->mutex_);
        return interrupt_->stopped_;
    }

private:
    Interrupt* interrupt_;
};

void Interrupt::stop() {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    if (running_ != nullptr) running_->stop();
}

namespace {

Result<Response> run_call(const Call& call) {
    Loop loop;
    const InterruptibleRun run(loop, call.options.interrupt);
    if (run.stopped()) return fail(Errc::Closed, "E_NET_CANCELLED", "net.blocking.interrupt");
    Result<Response> result = fail(Errc::Internal, "E_NET_CLOSED", "net.blocking.run");
    {
        Client client(loop, call.url, call.options.client);
        loop.spawn(perform_and_stop(loop, client, call, result));
        loop.run();
    }
    if (!result && run.stopped()) return fail(Errc::Closed, "E_NET_CANCELLED", "net.blocking.interrupt");
    return result;
}

}  // namespace

Result<Response> http_request(const Url& url, std::string_view method, std::string_view target,
                              const Headers& headers, ByteView body, const BlockingOptions& options) {
    return run_call(Call{url, method, target, headers, body, options});
}

Result<Response> http_get(const Url& url, std::string_view target, const Headers& headers,
                          const BlockingOptions& options) {
    return http_request(url, "GET", target, headers, {}, options);
}

Result<Response> http_post(const Url& url, std::string_view target, const Headers& headers, ByteView body,
                           const BlockingOptions& options) {
    return http_request(url, "POST", target, headers, body, options);
}

Result<Response> http_stream(const Url& url, std::string_view method, std::string_view target,
                             const Headers& headers, ByteView body, const BlockingOptions& options,
                             const OnHead& head, const OnPiece& piece) {
    return run_call(Call{url, method, target, headers, body, options, &head, &piece});
}

}  // namespace lumoz::net

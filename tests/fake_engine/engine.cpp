// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include "answers.hpp"
#include "base/json.hpp"
#include "net/one_shot.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace lumoz::fake_engine {
namespace {

const net::Headers kJson{{"Content-Type", "application/json"}};
const net::Headers kEvents{{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache"}};
constexpr std::size_t kMaxBody = std::size_t{64} << 20;

/// Sleeps to the microsecond; the loop's own deadlines are coarser than the pace of a stream.
net::Task<void> pause(net::Loop& loop, std::chrono::steady_clock::duration duration) {
    if (duration.count() <= 0) co_return;
    boost::asio::steady_timer timer(loop.context(), duration);
    boost::system::error_code error;
    auto token = boost::asio::redirect_error(
        boost::asio::use_awaitable_t<boost::asio::io_context::executor_type>(), error);
    co_await timer.async_wait(token);
}

}  // namespace

net::Task<void> FakeEngine::handle(net::Exchange& exchange) {
    if (exchange.head().method == "POST") {
        counters_.requests.fetch_add(1, std::memory_order_relaxed);
        counters_.active.fetch_add(1, std::memory_order_relaxed);
        co_await post(exchange);
        counters_.active.fetch_sub(1, std::memory_order_relaxed);
        (exchange.finished() ? counters_.finished : counters_.aborted)
            .fetch_add(1, std::memory_order_relaxed);
        co_return;
    }
    const Status status = co_await get(exchange);
    if (!status) exchange.abort();
}

net::Task<Status> FakeEngine::get(net::Exchange& exchange) {
    const std::string_view path = exchange.head().path();
    std::string body;
    int status = 200;
    if (path == "/health") {
        body = "{\"status\":\"ok\"}";
    } else if (path == "/v1/models") {
        body =
            "{\"object\":\"list\",\"data\":[{\"id\":\"scripted\",\"object\":\"model\",\"created\":1750000000,"
            "\"owned_by\":\"tests\"}]}";
    } else if (path == "/stats") {
        body = stats();
    } else {
        status = 404;
        body = error_body(404);
    }
    co_return co_await exchange.respond(status, kJson, as_bytes(body));
}

std::string FakeEngine::stats() const {
    const std::scoped_lock lock(counters_.mutex);
    json::Writer w;
    w.object();
    w.key("requests").integer(static_cast<std::int64_t>(counters_.requests.load()));
    w.key("finished").integer(static_cast<std::int64_t>(counters_.finished.load()));
    w.key("aborted").integer(static_cast<std::int64_t>(counters_.aborted.load()));
    w.key("active").integer(counters_.active.load());
    w.key("last_headers").string(counters_.last_headers);
    w.key("last_target").string(counters_.last_target);
    w.end();
    return std::move(w).text();
}

void FakeEngine::remember(const net::RequestHead& head) {
    std::string names;
    for (std::size_t i = 0; i < head.headers.size(); ++i) {
        if (i > 0) names += ',';
        for (const char c : head.headers[i].name)
            names += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    const std::scoped_lock lock(counters_.mutex);
    counters_.last_headers = std::move(names);
    counters_.last_target = head.target;
}

net::Task<void> FakeEngine::post(net::Exchange& exchange) {
    const Result<ByteView> body = co_await exchange.read_body(kMaxBody);
    if (!body) {
        exchange.abort();
        co_return;
    }
    if (remember_) remember(exchange.head());
    const std::string_view path = exchange.head().path();
    const bool completions = path == "/v1/completions";
    const Script script = script_for(defaults_, *body);
    if (script.hang) {
        co_await hang(exchange);
        co_return;
    }
    co_await pause(exchange.loop(), script.delay);
    Status status;
    if (script.status != 200) {
        const std::string error = error_answer(*body);
        status = co_await exchange.respond(script.status, kJson, as_bytes(error));
    } else if (script.stream) {
        status = co_await answer_stream(exchange, script, completions);
    } else {
        status = co_await answer_plain(exchange, script, completions);
    }
    if (!status) exchange.abort();
}

net::Task<Status> FakeEngine::answer_plain(net::Exchange& exchange, const Script& script, bool completions) {
    const std::string body = plain_answer(script, completions);
    if (script.cut_bytes < 0 && !script.chunked)
        co_return co_await exchange.respond(200, kJson, as_bytes(body));
    const auto length = script.chunked ? std::nullopt : std::optional<std::uint64_t>(body.size());
    LUMOZ_CO_CHECK_OK(exchange.begin(200, kJson, length));
    std::int64_t left = script.cut_bytes;
    const Status written = co_await write_until_cut(exchange, script, as_bytes(body), left);
    LUMOZ_CO_CHECK_OK(written);
    co_return co_await exchange.finish();
}

net::Task<Status> FakeEngine::answer_stream(net::Exchange& exchange, const Script& script, bool completions) {
    const std::vector<std::string> events = stream_answer(script, completions);
    LUMOZ_CO_CHECK_OK(exchange.begin(200, kEvents, std::nullopt));
    std::int64_t left = script.cut_bytes;
    auto next = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (i > 0 && script.interval.count() > 0) {
            next += script.interval;
            co_await pause(exchange.loop(), next - std::chrono::steady_clock::now());
            if (exchange.peer_gone()) co_return fail(Errc::Closed, "E_NET_CLOSED", "fake_engine.stream");
        }
        const bool last = i + 1 == events.size();
        if (last && left < 0 && script.split == 0) co_return co_await exchange.finish(as_bytes(events[i]));
        const Status written = co_await write_until_cut(exchange, script, as_bytes(events[i]), left);
        LUMOZ_CO_CHECK_OK(written);
    }
    co_return co_await exchange.finish();
}

/// `left`: bytes until the cut, negative for none. An Error is the cut itself, or the peer's.
net::Task<Status> FakeEngine::write_until_cut(net::Exchange& exchange, const Script& script, ByteView bytes,
                                              std::int64_t& left) {
    const bool cut = left >= 0 && left < static_cast<std::int64_t>(bytes.size());
    if (cut) bytes = bytes.first(static_cast<std::size_t>(left));
    const std::size_t step = script.split == 0 ? bytes.size() : script.split;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        const ByteView piece = bytes.subspan(at, std::min(step, bytes.size() - at));
        const Status written = co_await exchange.write(piece);
        LUMOZ_CO_CHECK_OK(written);
    }
    if (left >= 0) left -= static_cast<std::int64_t>(bytes.size());
    if (!cut) co_return Status{};
    const Status flushed = co_await exchange.flush_head();
    LUMOZ_CO_CHECK_OK(flushed);
    co_return fail(Errc::Closed, "E_CUT", "fake_engine.cut");
}

net::Task<void> FakeEngine::hang(net::Exchange& exchange) {
    net::Signal gone(exchange.loop());
    exchange.on_peer_gone([&gone] { gone.fire(); });
    if (!exchange.peer_gone()) co_await gone.wait();
    exchange.on_peer_gone({});
    exchange.abort();
}

std::string FakeEngine::error_body(int status) const {
    return "{\"error\":{\"message\":\"status " + std::to_string(status) +
           "\",\"type\":\"scripted_error\",\"param\":null,\"code\":null}}";
}

}  // namespace lumoz::fake_engine

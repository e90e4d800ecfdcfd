// SPDX-License-Identifier: Apache-2.0
#include "net/tunnel.hpp"

#include "net/one_shot.hpp"

namespace lumoz::net {
namespace {

constexpr std::size_t kWindow = std::size_t{16} << 10;
/// Longer than any tunnel: the limits here are the tunnel's own.
constexpr std::chrono::hours kNever{24 * 365};

/// What both directions share. It lives as long as the later of them.
struct Shared {
    Shared(Loop& owner, Stream& a, Stream& b, TunnelLimits given)
        : loop(owner), first(a), second(b), limits(given), done(owner) {}
    /// Ends both sides; the first reason counts.
    void end(TunnelEnd why) {
        if (!broken) result.end = why;
        broken = true;
        first.close();
        second.close();
    }
    Loop& loop;
    Stream& first;
    Stream& second;
    TunnelLimits limits;
    TunnelResult result;
    Signal done;
    bool broken = false;
    bool half_closed = false;
};

class Limit final : public Deadline {
public:
    Limit(Shared& shared, TunnelEnd why) : Deadline(shared.loop), shared_(shared), why_(why) {}

private:
    void expired() override { shared_.end(why_); }
    Shared& shared_;
    TunnelEnd why_;
};

struct Tunnel {
    Tunnel(Loop& loop, Stream& a, Stream& b, TunnelLimits limits)
        : shared(loop, a, b, limits), idle(shared, TunnelEnd::Idle), total(shared, TunnelEnd::Total) {}
    void touch() {
        idle.set(shared.loop.now() + (shared.half_closed ? shared.limits.half : shared.limits.idle));
    }
    Shared shared;
    Limit idle;
    Limit total;
};

Task<bool> pass(Tunnel& tunnel, Limit& stuck, Stream& to, ByteView piece) {
    tunnel.touch();
    stuck.set(tunnel.shared.loop.now() + tunnel.shared.limits.write);
    const Status written = co_await to.write(std::span(&piece, 1), kNever);
    stuck.clear();
    if (!written) tunnel.shared.end(TunnelEnd::Broken);
    co_return written.has_value();
}

Task<void> pump(Tunnel& tunnel, Stream& from, Stream& to, ByteView pending, std::uint64_t& count) {
    Limit stuck(tunnel.shared, TunnelEnd::Stuck);
    Bytes window(kWindow);
    count += pending.size();
    if (!pending.empty() && !co_await pass(tunnel, stuck, to, pending)) co_return;
    for (;;) {
        const Result<std::size_t> got = co_await from.read_some(window, TimePoint::max());
        if (!got) {
            tunnel.shared.end(TunnelEnd::Broken);
            co_return;
        }
        if (*got == 0) break;
        count += *got;
        const bool passed = co_await pass(tunnel, stuck, to, ByteView(window).first(*got));
        if (!passed) co_return;
    }
    tunnel.shared.half_closed = true;
    tunnel.touch();
    to.shutdown_write();
}

Task<void> pump_back(std::shared_ptr<Tunnel> tunnel, ByteView pending) {
    Shared& shared = tunnel->shared;
    co_await pump(*tunnel, shared.second, shared.first, pending, shared.result.from_second);
    shared.loop.post([tunnel] { tunnel->shared.done.fire(); });
}

}  // namespace

Task<TunnelResult> run_tunnel(Loop& loop, Stream& first, ByteView first_pending, Stream& second,
                              ByteView second_pending, TunnelLimits limits) {
    const auto tunnel = std::make_shared<Tunnel>(loop, first, second, limits);
    Shared& shared = tunnel->shared;
    tunnel->touch();
    tunnel->total.set(loop.now() + limits.total);
    loop.spawn(pump_back(tunnel, second_pending));
    co_await pump(*tunnel, first, second, first_pending, shared.result.from_first);
    co_await shared.done.wait();
    tunnel->idle.clear();
    tunnel->total.clear();
    co_return shared.result;
}

}  // namespace lumoz::net

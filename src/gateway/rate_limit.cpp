// SPDX-License-Identifier: Apache-2.0
#include "gateway/rate_limit.hpp"

namespace lumoz::gateway {
namespace {

double seconds(net::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

bool RateLimit::allow(const net::Exchange& exchange, net::TimePoint now) {
    if (per_second_ <= 0) return true;
    const std::string peer = exchange.peer();
    return allow(std::string_view(peer).substr(0, peer.rfind(':')), now);
}

bool RateLimit::allow(std::string_view address, net::TimePoint now) {
    if (per_second_ <= 0) return true;
    const double burst = 2 * per_second_;
    if (buckets_.size() >= kMaxAddresses) forget_full(now);
    // Still full of addresses that ask at this moment: those who are new wait.
    if (buckets_.size() >= kMaxAddresses && !buckets_.contains(std::string(address))) return false;
    Bucket& bucket = buckets_.try_emplace(std::string(address), Bucket{burst, now}).first->second;
    bucket.tokens = std::min(burst, bucket.tokens + seconds(now - bucket.at) * per_second_);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
}

void RateLimit::forget_full(net::TimePoint now) {
    std::erase_if(buckets_, [&](const auto& entry) {
        return entry.second.tokens + seconds(now - entry.second.at) * per_second_ >= 2 * per_second_;
    });
}

}  // namespace lumoz::gateway

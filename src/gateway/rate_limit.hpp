// SPDX-License-Identifier: Apache-2.0
// Requests per second and client address: a token bucket each, burst of two seconds. One per I/O thread, so a
// client whose connections spread over n threads has up to n times the rate.
#pragma once

#include "net/server.hpp"

#include <unordered_map>

namespace lumoz::gateway {

class RateLimit {
public:
    /// 0: no limit.
    explicit RateLimit(double per_second) : per_second_(per_second) {}
    /// False when the peer of this exchange asks too often.
    [[nodiscard]] bool allow(const net::Exchange& exchange, net::TimePoint now);
    /// The same for an address; ports are not part of it.
    [[nodiscard]] bool allow(std::string_view address, net::TimePoint now);
    [[nodiscard]] std::size_t size() const { return buckets_.size(); }

private:
    /// Addresses that are remembered; full buckets are forgotten when there are more.
    static constexpr std::size_t kMaxAddresses = 65'536;
    struct Bucket {
        double tokens;
        net::TimePoint at;
    };
    void forget_full(net::TimePoint now);
    double per_second_;
    std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace lumoz::gateway

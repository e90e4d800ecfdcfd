// SPDX-License-Identifier: Apache-2.0
// Token buckets: so many requests per second and key, bursts of two seconds. Shared by all I/O threads, so a
// client whose connections spread over them has no more than one that stays on one.
#pragma once

#include "net/loop.hpp"

#include <array>
#include <mutex>
#include <string>
#include <unordered_map>

namespace lumoz::gateway {

/// Thread-safe.
class RateLimit {
public:
    /// 0: no limit. Bursts of two seconds, and of one request at least.
    explicit RateLimit(double per_second);
    [[nodiscard]] bool limits() const { return per_second_ > 0; }
    /// Takes one request of `key` from its bucket. 0 when there was one; else the seconds after which there
    /// will be one again, at least 1.
    [[nodiscard]] unsigned take(std::string_view key, net::TimePoint now);
    /// Keys that are remembered.
    [[nodiscard]] std::size_t size() const;

    /// Keys that are remembered at most. Full buckets are forgotten when there are more, then any: an
    /// attacker with so many addresses has no use of a fresh bucket, and nobody is refused for others' sake.
    static constexpr std::size_t kMaxKeys = 65'536;

private:
    static constexpr std::size_t kParts = 16;
    struct Bucket {
        double tokens;
        net::TimePoint at;
    };
    /// Keyed, so that nobody can choose addresses that fall into one chain.
    struct Hash {
        using is_transparent = void;
        Hash() : seed(0) {}
        std::uint64_t seed;
        [[nodiscard]] std::size_t operator()(std::string_view key) const;
    };
    using Buckets = std::unordered_map<std::string, Bucket, Hash, std::equal_to<>>;
    struct Part {
        mutable std::mutex mutex;
        Buckets buckets;
        net::TimePoint swept{};
    };
    void make_room(Part& part, net::TimePoint now) const;
    [[nodiscard]] double now_in(const Bucket& bucket, net::TimePoint now) const;

    double per_second_;
    double burst_;
    Hash hash_;
    std::array<Part, kParts> parts_;
};

}  // namespace lumoz::gateway

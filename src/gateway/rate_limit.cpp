// SPDX-License-Identifier: Apache-2.0
#include "gateway/rate_limit.hpp"

#include "crypto/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace lumoz::gateway {
namespace {

constexpr double kBurstSeconds = 2;
/// Looking through all buckets of a part costs time: not more often than this.
constexpr std::chrono::milliseconds kSweepEvery{100};

/// Steps that a 64-bit state takes with each word: multiply to 128 bits, fold.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::size_t RateLimit::Hash::operator()(std::string_view key) const {
    std::uint64_t state = seed ^ key.size();
    while (!key.empty()) {
        std::uint64_t word = 0;
        const std::size_t count = std::min(key.size(), sizeof word);
        std::memcpy(&word, key.data(), count);
        key.remove_prefix(count);
        state = mix(state ^ word, seed | 1);
    }
    return mix(state, 0x9e37'79b9'7f4a'7c15);
}

RateLimit::RateLimit(double per_second)
    : per_second_(per_second), burst_(std::max(1.0, kBurstSeconds * per_second)) {
    std::array<std::uint8_t, sizeof hash_.seed> seed{};
    crypto::random_fill(seed);
    std::memcpy(&hash_.seed, seed.data(), seed.size());
    for (Part& part : parts_)
        part.buckets = Buckets(0, hash_);
}

double RateLimit::now_in(const Bucket& bucket, net::TimePoint now) const {
    const double since = std::chrono::duration<double>(now - bucket.at).count();
    return std::min(burst_, bucket.tokens + std::max(0.0, since) * per_second_);
}

unsigned RateLimit::take(std::string_view key, net::TimePoint now) {
    if (!limits()) return 0;
    Part& part = parts_[(hash_(key) >> 48) % kParts];
    const std::scoped_lock lock(part.mutex);
    auto found = part.buckets.find(key);
    if (found == part.buckets.end()) {
        if (part.buckets.size() >= kMaxKeys / kParts) make_room(part, now);
        found = part.buckets.emplace(std::string(key), Bucket{burst_, now}).first;
    }
    Bucket& bucket = found->second;
    bucket.tokens = now_in(bucket, now);
    bucket.at = std::max(bucket.at, now);
    if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return 0;
    }
    return std::max(1U, static_cast<unsigned>(std::ceil((1 - bucket.tokens) / per_second_)));
}

void RateLimit::make_room(Part& part, net::TimePoint now) const {
    if (now - part.swept >= kSweepEvery) {
        part.swept = now;
        std::erase_if(part.buckets, [&](const auto& entry) { return now_in(entry.second, now) >= burst_; });
    }
    if (part.buckets.size() >= kMaxKeys / kParts) part.buckets.erase(part.buckets.begin());
}

std::size_t RateLimit::size() const {
    std::size_t total = 0;
    for (const Part& part : parts_) {
        const std::scoped_lock lock(part.mutex);
        total += part.buckets.size();
    }
    return total;
}

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
#include "collateral/feeder.hpp"

#include <pthread.h>

namespace lumoz::collateral {
namespace {

constexpr std::int64_t kMinute = 60, kHour = 3600;

}  // namespace

std::int64_t next_attempt(UnixTime now, UnixTime not_after, unsigned failures, double share) {
    std::int64_t wait = 0;
    if (failures > 0) {
        const unsigned doublings = std::min(failures - 1, 7U);
        wait = std::min<std::int64_t>(30LL << doublings, kHour);
    } else {
        wait = std::clamp<std::int64_t>((not_after - now) / 2, 5 * kMinute, 12 * kHour);
    }
    return std::max<std::int64_t>(1,
                                  wait - static_cast<std::int64_t>(static_cast<double>(wait) * 0.2 * share));
}

Feeder::Feeder(CollateralService service, CollateralCache cache, FeederOptions options, const Clock& clock,
               Report report)
    : service_(std::move(service)),
      cache_(std::move(cache)),
      options_(std::move(options)),
      clock_(clock),
      report_(std::move(report)) {}

Feeder::~Feeder() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

Result<verify::CheckedCollateral> Feeder::attempt() {
    LUMOZ_TRY(const evidence::Collateral fresh,
              service_.fetch(options_.platform, options_.edition, options_.roots));
    return cache_.store(options_.platform, options_.edition, fresh, options_.roots, clock_.now());
}

void Feeder::start() {
    const auto cached = cache_.load(options_.platform, options_.edition, options_.roots, clock_.now());
    if (cached && *cached && (*cached)->checked.not_after > clock_.now() + 12 * kHour) {
        not_after_ = (*cached)->checked.not_after;
    } else {
        const auto done = attempt();
        report_(done);
        failures_ = done ? 0 : 1;
        if (done) not_after_ = done->not_after;
    }
    thread_ = std::thread([this] { run(); });
}

void Feeder::run() {
    pthread_setname_np(pthread_self(), "collateral");
    std::mt19937_64 random{std::random_device{}()};
    std::uniform_real_distribution<double> share(0, 1);
    while (true) {
        const auto wait =
            std::chrono::seconds(next_attempt(clock_.now(), not_after_, failures_, share(random)));
        {
            std::unique_lock lock(mutex_);
            if (wake_.wait_for(lock, wait, [this] { return stopping_; })) return;
        }
        const auto done = attempt();
        failures_ = done ? 0 : failures_ + 1;
        if (done) not_after_ = done->not_after;
        report_(done);
    }
}

}  // namespace lumoz::collateral

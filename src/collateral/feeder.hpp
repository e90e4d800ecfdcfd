// SPDX-License-Identifier: Apache-2.0
// Keeps one cached bundle fresh on a thread of its own: fetches long before it expires, with jitter, and
// backs off while the service is away. What was good stays in the cache meanwhile.
#pragma once

#include "collateral/cache.hpp"
#include "collateral/service.hpp"

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

namespace lumoz::collateral {

/// Seconds to the next attempt after one at `now`. `failures`: in a row, this one included; `share`: random,
/// 0 to 1. After a success half of the time left, at most 12 h, at least 5 min; after failures 30 s, doubled
/// each time up to 1 h; all shortened by up to a fifth, so that a fleet does not ask at once.
[[nodiscard]] std::int64_t next_attempt(UnixTime now, UnixTime not_after, unsigned failures, double share);

struct FeederOptions {
    Platform platform;
    Edition edition;
    verify::RootPins roots;
};

class Feeder {
public:
    /// Called on the feeder's thread (and inside `start`) after each attempt.
    using Report = std::function<void(const Result<verify::CheckedCollateral>&)>;

    /// `clock` and `report` must outlive the feeder.
    Feeder(CollateralService service, CollateralCache cache, FeederOptions options, const Clock& clock,
           Report report);
    ~Feeder();
    Feeder(const Feeder&) = delete;
    Feeder& operator=(const Feeder&) = delete;

    /// One attempt now unless the cache holds a bundle with more than half a day left; then the thread
    /// begins.
    void start();
    [[nodiscard]] std::filesystem::path file() const {
        return cache_.file_of(options_.platform, options_.edition);
    }

private:
    Result<verify::CheckedCollateral> attempt();
    void run();

    CollateralService service_;
    CollateralCache cache_;
    FeederOptions options_;
    const Clock& clock_;
    Report report_;
    UnixTime not_after_ = 0;
    unsigned failures_ = 0;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace lumoz::collateral

// SPDX-License-Identifier: Apache-2.0
// Keeps the collateral of one platform fresh in the background: asks before it is due to expire, waits longer
// after each failure, and always has the last good bundle until that one really expires.
#pragma once

#include "collateral/keeper.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <thread>

namespace lumoz::collateral {

struct RenewerOptions {
    std::chrono::seconds retry_first{30};    ///< after the first failure; doubles with each further one
    std::chrono::seconds retry_most{3'600};  ///< at most this
    std::chrono::seconds check_most{21'600};  ///< the longest sleep, so that a clock that was set is noticed
};

/// What is known at one moment.
struct Supplied {
    std::shared_ptr<const Bundle> bundle;  ///< the last good one, expired or not; null when there was none
    Status last;                           ///< of the last attempt; its first trouble
    std::uint64_t renewals = 0;            ///< attempts without trouble
    std::uint64_t failures = 0;            ///< attempts with trouble
};

class Renewer {
public:
    /// Requires: `keeper` and `clock` outlive it. `interrupt` is called by `stop` from another thread: it
    /// ends a fetch that is under way.
    Renewer(Keeper& keeper, const Clock& clock, RenewerOptions options, std::function<void()> interrupt);
    ~Renewer();
    Renewer(const Renewer&) = delete;
    Renewer& operator=(const Renewer&) = delete;

    /// One attempt on the calling thread; how long to wait until the next. Not while the thread runs.
    std::chrono::seconds step(const Request& request);
    /// Runs `step` again and again in a thread of its own, the first time at once. Call it once.
    void start(Request request);
    /// Waits for the end of the first attempt, at most so long.
    void wait_for_first(std::chrono::milliseconds limit);
    /// Ends the thread; a fetch under way is interrupted.
    void stop();
    [[nodiscard]] Supplied supplied() const;

private:
    void work(const Request& request);
    [[nodiscard]] std::chrono::seconds after_failure() const;

    Keeper& keeper_;
    const Clock& clock_;
    const RenewerOptions options_;
    std::function<void()> interrupt_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    unsigned failed_in_a_row_ = 0;
    Supplied supplied_;
    std::thread thread_;
};

}  // namespace lumoz::collateral

// SPDX-License-Identifier: Apache-2.0
// One caller at a time, each waiting no longer than its own deadline.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace lumoz::tee {

using Deadline = std::chrono::steady_clock::time_point;

/// A lock that can be waited for until a deadline and given back by another thread than the one that took it.
class Turn {
public:
    /// False when the deadline came first.
    [[nodiscard]] bool take(Deadline deadline) {
        std::unique_lock lock(mutex_);
        if (!free_.wait_until(lock, deadline, [this] { return !taken_; })) return false;
        taken_ = true;
        return true;
    }
    /// Requires: taken.
    void give_back() {
        {
            const std::lock_guard lock(mutex_);
            taken_ = false;
        }
        free_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable free_;
    bool taken_ = false;
};

}  // namespace lumoz::tee

// SPDX-License-Identifier: Apache-2.0
// Whether the store can take another request, and why not. Written by the writer thread, read by everybody.
#pragma once

#include "base/result.hpp"

#include <atomic>
#include <mutex>
#include <optional>

namespace lumoz::store {

/// Thread-safe.
class Health {
public:
    /// One atomic read when all is well.
    [[nodiscard]] Status check() const {
        if (well_.load(std::memory_order_acquire)) return {};
        const std::lock_guard lock(mutex_);
        if (write_) return std::unexpected(*write_);
        if (space_) return std::unexpected(*space_);
        return {};
    }
    void write_failed(const Error& error) {
        const std::lock_guard lock(mutex_);
        write_ = error;
        well_.store(false, std::memory_order_release);
    }
    void write_worked() {
        const std::lock_guard lock(mutex_);
        write_.reset();
        well_.store(!space_, std::memory_order_release);
    }
    /// `free` and `need` in bytes.
    void space(std::uint64_t free, std::uint64_t need) {
        const std::lock_guard lock(mutex_);
        space_.reset();
        if (free < need) {
            space_ = Error{Errc::Unavailable, "E_STORE_SPACE", "store.health.space",
                           "free " + std::to_string(free) + " bytes, want " + std::to_string(need)};
        }
        well_.store(!write_ && !space_, std::memory_order_release);
    }
    [[nodiscard]] bool writes() const {
        const std::lock_guard lock(mutex_);
        return !write_;
    }
    /// The last transaction found the disk full.
    [[nodiscard]] bool full() const {
        const std::lock_guard lock(mutex_);
        return write_ && write_->rule == "E_STORE_FULL";
    }
    [[nodiscard]] bool has_space() const {
        const std::lock_guard lock(mutex_);
        return !space_;
    }

private:
    mutable std::mutex mutex_;
    std::atomic<bool> well_{true};
    std::optional<Error> write_;  ///< of the last transaction, when it failed
    std::optional<Error> space_;
};

}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
// The value in force of something that is replaced as a whole while requests run: each keeps what it began
// with.
#pragma once

#include <memory>
#include <mutex>

namespace lumoz::gateway {

/// Thread-safe.
template <class T>
class Current {
public:
    void set(std::shared_ptr<const T> value) {
        // What was in force ends behind the lock: nobody waits for its destructor.
        const std::scoped_lock lock(mutex_);
        value_.swap(value);
    }
    /// Null before the first `set`, or when the value in force is that there is none.
    [[nodiscard]] std::shared_ptr<const T> get() const {
        const std::scoped_lock lock(mutex_);
        return value_;
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const T> value_;
};

}  // namespace lumoz::gateway

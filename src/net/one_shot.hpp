// SPDX-License-Identifier: Apache-2.0
// Waiting for one event (Signal, one thread) and for one value from another thread (OneShot).
#pragma once

#include "net/loop.hpp"

#include <cassert>
#include <mutex>
#include <optional>

namespace lumoz::net {

/// One coroutine of the loop waits, somebody on the same thread fires. A fire without a waiter is remembered
/// once.
class Signal final : private Attached {
public:
    explicit Signal(Loop& loop) : loop_(loop) {}

    /// Requires: no other coroutine waits here.
    Task<void> wait();
    /// Resumes the waiter in place: call it from the loop itself (a handler or a posted function), never from
    /// a coroutine.
    void fire();
    [[nodiscard]] bool waiting() const { return static_cast<bool>(resume_); }

private:
    void loop_ends() override { resume_ = nullptr; }
    Loop& loop_;
    std::move_only_function<void()> resume_;
    bool fired_ = false;
};

/// A value that is set once from any thread and awaited once on the loop. It must outlive the setter's call;
/// share it (`std::shared_ptr`) when the waiting task can be destroyed first.
template <class T>
class OneShot {
public:
    explicit OneShot(Loop& loop) : loop_(loop), signal_(loop) {}

    /// Any thread, once.
    void set(T value) {
        // The post happens under the lock: after the unlock the waiter may already have destroyed this
        // object.
        const std::scoped_lock lock(mutex_);
        assert(!value_);
        value_.emplace(std::move(value));
        if (waiting_) loop_.post([this] { signal_.fire(); });
    }
    /// On the loop's thread, once.
    Task<T> wait() {
        bool ready = false;
        {
            const std::scoped_lock lock(mutex_);
            ready = value_.has_value();
            waiting_ = !ready;
        }
        if (!ready) co_await signal_.wait();
        const std::scoped_lock lock(mutex_);
        co_return std::move(*value_);
    }

private:
    Loop& loop_;
    std::mutex mutex_;
    std::optional<T> value_;
    bool waiting_ = false;
    Signal signal_;
};

}  // namespace lumoz::net

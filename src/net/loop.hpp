// SPDX-License-Identifier: Apache-2.0
// Loop: one I/O thread's event loop, with one sweep timer for all deadlines of the thread (design/style.md
// 2.8). Everything that belongs to a Loop is touched by the thread inside `run()` only; `post` and `stop` are
// the doors for others.
#pragma once

#include "net/task.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

namespace lumoz::net {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

/// Steps of the sweep: a deadline fires at most this much late.
inline constexpr std::chrono::milliseconds kSweepStep{50};

class Loop;

/// Something that must let go of its tasks and sockets before its loop ends. For net/ only.
class Attached {
public:
    Attached() = default;
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;
    virtual ~Attached() { detach(); }

protected:
    void attach(Loop& loop);
    void detach();
    /// The loop ends: drop what waits on it.
    virtual void loop_ends() = 0;

private:
    friend class Loop;
    Attached* next_ = nullptr;
    Attached** link_ = nullptr;
};

/// A point in time at which `expired()` is called on the loop's thread. Setting and clearing are cheap: the
/// node moves in the wheel only when it must fire earlier than it stands there.
class Deadline {
public:
    explicit Deadline(Loop& owner) : loop_(&owner) {}
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    virtual ~Deadline();

    void set(TimePoint when);
    void clear() { when_ = TimePoint::max(); }
    [[nodiscard]] bool armed() const { return when_ != TimePoint::max(); }

protected:
    /// Must not resume coroutines in place; it may close, cancel or post.
    virtual void expired() = 0;
    /// Requires: the loop lives, as it does inside `expired`.
    [[nodiscard]] Loop& loop() { return *loop_; }

private:
    friend class Loop;
    void unlink();
    Loop* loop_;
    TimePoint when_ = TimePoint::max();
    TimePoint slot_time_ = TimePoint::max();
    Deadline* next_ = nullptr;
    Deadline** link_ = nullptr;
};

class Loop {
public:
    Loop();
    /// Destroys every task that has not ended. Streams, servers and clients of this loop that live longer are
    /// closed and answer `E_NET_CLOSED`.
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Works until `stop()`, or until there is nothing left to wait for unless `hold` is set.
    void run(bool hold = true);
    /// Any thread, also before `run`.
    void stop();
    /// Any thread: runs `fn` on this loop's thread. Never runs it in place.
    void post(std::move_only_function<void()> fn);
    /// On this loop's thread or before `run`. The task starts later, not in place.
    void spawn(Task<void> task);
    /// Ends after at least `duration`, at most `kSweepStep` late.
    Task<void> after(Duration duration);
    [[nodiscard]] TimePoint now() const { return Clock::now(); }
    /// `Date` of RFC 9110 ("Sun, 06 Nov 1994 08:49:37 GMT"), made once a second.
    [[nodiscard]] std::string_view http_date();
    [[nodiscard]] bool on_this_thread() const;

    /// For net/ only.
    struct Core;
    [[nodiscard]] Core& core() { return *core_; }
    [[nodiscard]] boost::asio::io_context& context();

private:
    friend class Deadline;
    friend class Attached;
    void link(Deadline& node, TimePoint when);
    std::unique_ptr<Core> core_;
};

}  // namespace lumoz::net

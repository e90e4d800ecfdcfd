// SPDX-License-Identifier: Apache-2.0
// Inside of Loop; only for the .cpp files of net/.
#pragma once

#include "net/loop.hpp"
#include "net/one_shot.hpp"

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <ctime>
#include <optional>
#include <thread>

namespace lumoz::net {

struct Loop::Core {
    /// 512 slots of 50 ms: deadlines beyond 25 s are looked at once per turn.
    static constexpr std::size_t kSlots = 512;

    explicit Core(Loop& owner) : loop(owner), context(std::in_place, 1), timer(std::in_place, *context) {}

    Loop& loop;
    std::optional<boost::asio::io_context> context;
    std::optional<boost::asio::steady_timer> timer;
    TimePoint epoch = Clock::now();
    std::int64_t last_tick = 0;
    std::size_t nodes = 0;
    bool ticking = false;
    std::array<Deadline*, kSlots> slots{};
    Deadline* due = nullptr;
    Attached* attached = nullptr;
    std::thread::id thread;
    std::time_t date_time = 0;
    std::array<char, 40> date{};
    std::size_t date_size = 0;

    [[nodiscard]] std::int64_t tick_of(TimePoint t) const { return (t - epoch) / kSweepStep; }
    static std::size_t slot_of(std::int64_t tick) { return static_cast<std::size_t>(tick) % kSlots; }
    void schedule();
    void tick(const boost::system::error_code& error);
    void sweep(TimePoint now);
};

}  // namespace lumoz::net

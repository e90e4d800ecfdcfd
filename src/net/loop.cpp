// SPDX-License-Identifier: Apache-2.0
#include "net/loop.hpp"

#include "net/loop_core.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace lumoz::net {
namespace asio = boost::asio;

namespace {

/// What a task's end is told to. An exception here has no other owner.
struct TaskEnd {
    void operator()(const std::exception_ptr& error) const {
        if (!error) return;
        std::fputs("lumoz: an exception left a task\n", stderr);
        std::abort();
    }
};

class Sleep final : public Deadline {
public:
    explicit Sleep(Loop& owner) : Deadline(owner), signal(owner) {}
    Signal signal;

private:
    void expired() override {
        // A posted function resumes the sleeper: the wheel is being walked now.
        loop().post([this] { signal.fire(); });
    }
};

}  // namespace

void Loop::Core::tick(const boost::system::error_code& error) {
    ticking = false;
    if (error) return;
    sweep(Clock::now());
    if (nodes > 0) schedule();
}

void Loop::Core::schedule() {
    if (ticking) return;
    ticking = true;
    timer->expires_after(kSweepStep);
    timer->async_wait([this](const boost::system::error_code& error) { tick(error); });
}

void Loop::Core::sweep(TimePoint now) {
    const std::int64_t until = tick_of(now);
    // After a long pause (a stopped process) one walk over the wheel reaches every node.
    const std::int64_t first = std::max(last_tick + 1, until - static_cast<std::int64_t>(kSlots) + 1);
    last_tick = std::max(last_tick, until);
    for (std::int64_t t = first; t <= until; ++t) {
        Deadline* node = slots[slot_of(t)];
        slots[slot_of(t)] = nullptr;
        due = node;
        if (node != nullptr) node->link_ = &due;
        while (due != nullptr) {
            Deadline& d = *due;
            d.unlink();
            if (!d.armed()) continue;
            if (d.when_ > now) {
                loop.link(d, d.when_);
                continue;
            }
            d.clear();
            d.expired();
        }
    }
}

Loop::Loop() : core_(std::make_unique<Core>(*this)) {}

Loop::~Loop() {
    // Waiting tasks are dropped into the context's queue and end with it.
    while (core_->attached != nullptr) {
        Attached& thing = *core_->attached;
        thing.detach();
        thing.loop_ends();
    }
    core_->timer.reset();
    core_->context.reset();
    for (Deadline*& head : core_->slots) {
        while (head != nullptr) {
            Deadline& node = *head;
            node.unlink();
            node.loop_ = nullptr;
        }
    }
}

void Loop::run(bool hold) {
    core_->thread = std::this_thread::get_id();
    if (hold) {
        const auto work = asio::make_work_guard(*core_->context);
        core_->context->run();
    } else {
        core_->context->run();
    }
    core_->context->restart();
}

void Loop::stop() {
    core_->context->stop();
}

void Loop::post(std::move_only_function<void()> fn) {
    asio::post(*core_->context, std::move(fn));
}

void Loop::spawn(Task<void> task) {
    asio::co_spawn(*core_->context, std::move(task), TaskEnd{});
}

Task<void> Loop::after(Duration duration) {
    Sleep sleep(*this);
    sleep.set(now() + duration);
    co_await sleep.signal.wait();
}

std::string_view Loop::http_date() {
    const std::time_t now = std::time(nullptr);
    if (now != core_->date_time) {
        core_->date_time = now;
        std::tm parts{};
        gmtime_r(&now, &parts);
        static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        const int written =
            std::snprintf(core_->date.data(), core_->date.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                          kDays[parts.tm_wday], parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900,
                          parts.tm_hour, parts.tm_min, parts.tm_sec);
        core_->date_size = written > 0 ? static_cast<std::size_t>(written) : 0;
    }
    return {core_->date.data(), core_->date_size};
}

bool Loop::on_this_thread() const {
    return core_->thread == std::this_thread::get_id();
}

boost::asio::io_context& Loop::context() {
    return *core_->context;
}

void Loop::link(Deadline& node, TimePoint when) {
    Core& core = *core_;
    if (core.nodes == 0 && !core.ticking) core.last_tick = core.tick_of(Clock::now());
    std::int64_t tick = core.tick_of(when) + 1;
    tick = std::clamp(tick, core.last_tick + 1, core.last_tick + static_cast<std::int64_t>(Core::kSlots) - 1);
    node.slot_time_ = core.epoch + kSweepStep * tick;
    Deadline*& head = core.slots[core.slot_of(tick)];
    node.next_ = head;
    node.link_ = &head;
    if (head != nullptr) head->link_ = &node.next_;
    head = &node;
    ++core.nodes;
    core.schedule();
}

void Attached::attach(Loop& loop) {
    Attached*& head = loop.core_->attached;
    next_ = head;
    link_ = &head;
    if (next_ != nullptr) next_->link_ = &next_;
    head = this;
}

void Attached::detach() {
    if (link_ == nullptr) return;
    *link_ = next_;
    if (next_ != nullptr) next_->link_ = link_;
    next_ = nullptr;
    link_ = nullptr;
}

Deadline::~Deadline() {
    unlink();
}

void Deadline::set(TimePoint when) {
    if (loop_ == nullptr) return;
    when_ = when;
    if (when == TimePoint::max()) return;
    // A node that stands in an earlier slot is moved when that slot is swept.
    if (link_ != nullptr && slot_time_ <= when + kSweepStep) return;
    unlink();
    loop_->link(*this, when);
}

void Deadline::unlink() {
    if (link_ == nullptr) return;
    *link_ = next_;
    if (next_ != nullptr) next_->link_ = link_;
    next_ = nullptr;
    link_ = nullptr;
    if (loop_ != nullptr) --loop_->core_->nodes;
}

}  // namespace lumoz::net

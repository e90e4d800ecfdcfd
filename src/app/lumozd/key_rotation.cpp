// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/key_rotation.hpp"

#include "base/log.hpp"

#include <pthread.h>

namespace lumoz::app {

KeyRotation::KeyRotation(std::function<Result<RotationPlan>()> begin, const Clock& clock,
                         RotationOptions options)
    : begin_(std::move(begin)), clock_(clock), options_(options), retry_(options.retry_first) {}

KeyRotation::~KeyRotation() {
    if (running_.valid()) running_.wait();
}

Status KeyRotation::first() {
    LUMOZ_CHECK_OK(begin_life());
    Result<SharedEpoch> made = running_.get();
    if (!made) return std::unexpected(made.error());
    in_force(*made);
    return {};
}

void KeyRotation::ask(std::string_view reason, std::function<void()> then) {
    asked_ = true;
    reason_ = reason;
    retry_at_ = 0;
    if (then) waiting_.push_back(std::move(then));
}

bool KeyRotation::idle() const {
    return !asked_ && !running_.valid() && clock_.now() < due_at_;
}

std::size_t KeyRotation::lives() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(lives_, [](const auto& life) { return !life.expired(); }));
}

void KeyRotation::step() {
    if (running_.valid()) {
        if (running_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) finish(running_.get());
        return;
    }
    const auto held = std::ranges::find_if(lives_, [](const auto& life) { return !life.expired(); });
    lives_.erase(lives_.begin(), held);
    const UnixTime now = clock_.now();
    if (now < retry_at_ || (!asked_ && now < due_at_) || lives_.size() >= options_.max_lives) return;
    if (!asked_) reason_ = "age";
    if (const Status begun = begin_life(); !begun) failed(begun.error());
}

Status KeyRotation::begin_life() {
    asked_ = false;
    carried_.insert(carried_.end(), std::make_move_iterator(waiting_.begin()),
                    std::make_move_iterator(waiting_.end()));
    waiting_.clear();
    LUMOZ_TRY(plan_, begin_());
    running_ = std::async(std::launch::async, [make = plan_->make] {
        pthread_setname_np(pthread_self(), "keys");
        return make();
    });
    return {};
}

void KeyRotation::finish(Result<SharedEpoch> made) {
    if (!made) {
        failed(made.error());
        return;
    }
    in_force(*made);
    const std::vector<std::function<void()>> waited = std::move(carried_);
    carried_.clear();
    for (const auto& then : waited)
        then();
}

void KeyRotation::in_force(const SharedEpoch& epoch) {
    plan_->take(epoch);
    due_at_ = epoch->identity.not_after - plan_->rotate_before.count();
    plan_.reset();
    lives_.emplace_back(epoch);
    ++begun_;
    retry_ = options_.retry_first;
    retry_at_ = 0;
    trouble_.clear();
    log::info("keys", {{"keyset_digest", epoch->identity.keyset_digest},
                       {"not_after", epoch->identity.not_after},
                       {"reason", reason_}});
}

void KeyRotation::failed(const Error& error) {
    plan_.reset();
    ++failures_;
    trouble_ = error.rule;
    retry_at_ = asked_ ? 0 : clock_.now() + retry_.count();
    asked_ = true;
    log::error("keys_not_renewed",
               {{"rule", error.rule},
                {"where", error.where},
                {"reason", reason_},
                {"retry_in_s", static_cast<std::int64_t>(std::max<UnixTime>(0, retry_at_ - clock_.now()))}});
    retry_ = std::min(retry_ * 2, options_.retry_last);
}

gateway::KeyState KeyRotation::state() const {
    gateway::KeyState out;
    out.rotations = begun_ > 0 ? begun_ - 1 : 0;
    out.failures = failures_;
    out.lives = lives();
    out.trouble = trouble_;
    return out;
}

}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
#include "collateral/renewer.hpp"

#include "base/log.hpp"
#include "collateral/chance.hpp"

namespace lumoz::collateral {
namespace {

void log_trouble(const Error& error, std::string_view item) {
    log::warn("collateral_not_renewed",
              {{"document", item}, {"rule", error.rule}, {"where", error.where}, {"detail", error.detail}});
}

}  // namespace

Renewer::Renewer(Keeper& keeper, const Clock& clock, RenewerOptions options, std::function<void()> interrupt)
    : keeper_(keeper), clock_(clock), options_(options), interrupt_(std::move(interrupt)) {}

Renewer::~Renewer() {
    stop();
}

/// Doubles up to the ceiling; chance takes up to a half off.
std::chrono::seconds Renewer::after_failure() const {
    std::int64_t wait = std::max<std::int64_t>(1, options_.retry_first.count());
    for (unsigned i = 1; i < failed_in_a_row_ && wait < options_.retry_most.count(); ++i)
        wait *= 2;
    wait = std::min<std::int64_t>(wait, options_.retry_most.count());
    return std::chrono::seconds(std::max<std::int64_t>(1, wait - chance_below(wait / 2)));
}

std::chrono::seconds Renewer::step(const Request& request) {
    const UnixTime now = clock_.now();
    auto supply = keeper_.get(request, now);
    const std::scoped_lock lock(mutex_);
    if (stopping_) return options_.check_most;
    if (!supply) {
        log_trouble(supply.error(), "");
        supplied_.last = std::unexpected(std::move(supply).error());
    } else {
        for (const Trouble& trouble : supply->troubles)
            log_trouble(trouble.error, to_text(trouble.item));
        supplied_.last = {};
        if (!supply->troubles.empty()) supplied_.last = std::unexpected(supply->troubles.front().error);
        supplied_.bundle = std::make_shared<const Bundle>(std::move(supply->bundle));
        if (supply->fetched > 0)
            log::info("collateral_renewed", {{"documents", std::int64_t{supply->fetched}},
                                             {"valid_until", to_rfc3339(supplied_.bundle->not_after)}});
    }
    if (!supplied_.last) {
        ++supplied_.failures;
        ++failed_in_a_row_;
        return std::min(after_failure(), options_.check_most);
    }
    ++supplied_.renewals;
    failed_in_a_row_ = 0;
    const std::int64_t wait = supply->refresh_at - now;
    return std::chrono::seconds(std::clamp<std::int64_t>(wait, 1, options_.check_most.count()));
}

void Renewer::work(const Request& request) {
    while (true) {
        const std::chrono::seconds wait = step(request);
        wake_.notify_all();
        std::unique_lock lock(mutex_);
        if (wake_.wait_for(lock, wait, [this] { return stopping_; })) return;
    }
}

void Renewer::start(Request request) {
    thread_ = std::thread([this, request = std::move(request)] { work(request); });
}

void Renewer::wait_for_first(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, limit, [this] { return supplied_.renewals + supplied_.failures > 0; });
}

void Renewer::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (interrupt_) interrupt_();
    if (thread_.joinable()) thread_.join();
}

Supplied Renewer::supplied() const {
    const std::scoped_lock lock(mutex_);
    return supplied_;
}

}  // namespace lumoz::collateral

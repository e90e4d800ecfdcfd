// SPDX-License-Identifier: Apache-2.0
#include "store/retention.hpp"

namespace lumoz::store {
namespace {

/// Free pages that stay in the file for the next rows; more are given back.
constexpr std::uint64_t kSparePages = 4096;
constexpr std::size_t kVacuumStep = 512;

}  // namespace

Retention::Retention(const SqliteOptions& options, const Clock& clock, Writer& writer, Health& health,
                     const OwnKeysets& own_keysets)
    : options_(options),
      clock_(clock),
      writer_(writer),
      health_(health),
      own_keysets_(own_keysets),
      ballast_(options.directory, options.ballast_bytes) {}

void Retention::note(const Status& status) {
    if (!status) health_.write_failed(status.error());
}

void Retention::measure() {
    if (const auto free = free_bytes(options_.directory)) {
        bytes_free_ = *free;
    } else {
        health_.write_failed(free.error());
    }
    if (const auto pages = writer_.pages()) {
        bytes_used_ = (pages->all - pages->free) * writer_.page_size();
    } else {
        health_.write_failed(pages.error());
    }
    // A ballast that was given up is owed: its space counts as used until it is there again.
    const std::uint64_t owed = ballast_.present() ? 0 : ballast_.size();
    health_.space(bytes_free_, options_.min_free_bytes + owed);
}

void Retention::keep_ballast() {
    if (ballast_.present()) {
        // Deleting writes to the log: below this there is no room for it.
        if (bytes_free_ < std::min<std::uint64_t>(ballast_.size(), std::uint64_t{1} << 20))
            ballast_.release();
        return;
    }
    if (bytes_free_ < options_.min_free_bytes + ballast_.size()) return;
    // Fails when the space went to somebody else meanwhile: the next round tries again.
    [[maybe_unused]] const Status made = ballast_.make();
}

bool Retention::tight() const {
    return health_.full() || !health_.has_space();
}

void Retention::give_back_space() {
    const auto pages = writer_.pages();
    if (!pages) return note(std::unexpected(pages.error()));
    const std::uint64_t spare = tight() ? 0 : std::max(kSparePages, pages->all / 4);
    if (pages->free > spare) note(writer_.vacuum(kVacuumStep));
    // The log is copied and its space given back; when even that finds no room, the next round tries again.
    if (tight()) note(writer_.checkpoint(true));
}

void Retention::probe() {
    const Status status = writer_.probe();
    if (status) {
        health_.write_worked();
    } else {
        health_.write_failed(status.error());
    }
}

void Retention::look_around() {
    measure();
    keep_ballast();
    if (tight()) note(writer_.checkpoint(true));
    if (!health_.writes()) probe();
    if (health_.full() && make_room()) {
        note(writer_.checkpoint(true));
        probe();
    }
    if (health_.writes()) {
        note(writer_.drop_unused_keysets(own_keysets_.digests()));
        give_back_space();
    }
    measure();
}

bool Retention::step(std::size_t rows) {
    if (!health_.writes() && !health_.full()) return false;
    const std::uint64_t used = bytes_used_;
    const std::uint64_t excess = used > options_.max_bytes ? used - options_.max_bytes : 0;
    const auto gone = writer_.delete_oldest(rows, clock_.now() - options_.max_age.count(), excess);
    if (!gone) {
        note(std::unexpected(gone.error()));
        return false;
    }
    deleted_ += *gone;
    if (*gone > 0) {
        if (tight()) give_back_space();
        measure();
    }
    return *gone == rows || (excess > 0 && *gone > 0);
}

bool Retention::make_room() {
    if (!ballast_.present() || ballast_.size() == 0) return false;
    ballast_.release();
    measure();
    return true;
}

}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
#include "store/queued_store.hpp"

#include "store/columns.hpp"

#include <pthread.h>

namespace lumoz::store {
namespace {

constexpr std::size_t kDeleteStep = 256;

}  // namespace

QueuedStore::QueuedStore(const QueueOptions& queue, std::chrono::milliseconds upkeep_interval)
    : upkeep_interval_(upkeep_interval), queue_(queue) {}

void QueuedStore::start() {
    look_around(false);
    thread_ = std::thread([this] { run(); });
}

void QueuedStore::stop() {
    queue_.close();
    thread_.join();
}

void QueuedStore::append(Record record, Done done) {
    queue_.append(std::move(record), std::move(done));
}

void QueuedStore::commit_batch() {
    const Status done = write_batch();
    if (done) {
        ++commits_;
    } else {
        queue_.fail_batch(done.error());
    }
    queue_.answer_batch();
    after_batch();
}

void QueuedStore::run() {
    pthread_setname_np(pthread_self(), "receipts");
    RecordQueue::SteadyTime upkeep_at = std::chrono::steady_clock::now() + upkeep_interval_;
    bool more_due = false;
    while (queue_.take(upkeep_at, more_due)) {
        const std::size_t written = queue_.batch().size();
        if (written > 0) commit_batch();
        queue_.run_jobs();
        if (std::chrono::steady_clock::now() >= upkeep_at) {
            look_around(false);
            more_due = true;
            upkeep_at = std::chrono::steady_clock::now() + upkeep_interval_;
        }
        // Deleting keeps pace with writing, and otherwise goes in small steps.
        if (more_due) more_due = step(std::max(kDeleteStep, 2 * written));
    }
}

Status QueuedStore::put_keyset(KeysetEvidence keyset) {
    LUMOZ_CHECK_OK(check_keyset(keyset));
    return queue_.on_writer([this, &keyset]() -> Status {
        LUMOZ_CHECK_OK(write_keyset(keyset));
        own_keysets_.put(std::move(keyset));
        return {};
    });
}

void QueuedStore::upkeep_now() {
    // What goes wrong is in healthy(); a store that closes needs none.
    [[maybe_unused]] const Status done = queue_.on_writer([this]() -> Status {
        look_around(true);
        while (step(kDeleteStep)) {
        }
        look_around(true);
        return {};
    });
}

Result<std::optional<StoredRecord>> QueuedStore::find(std::optional<std::string_view> owner,
                                                      std::string_view id) {
    // With relaxed durability an answer may be out while its record still waits.
    if (queue_.relaxed()) {
        if (auto queued = queue_.find(owner, id)) {
            const receipt::SignerAddresses signers = own_keysets_.signers(queued->keyset_digest);
            return StoredRecord{std::move(*queued), signers};
        }
    }
    return find_written(owner, id);
}

StoreCounters QueuedStore::queue_counters() const {
    StoreCounters out = queue_.counters();
    out.commits = commits_;
    return out;
}

}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
// Records on their way to a writer thread. Everything that waits is taken as one batch (group commit); jobs
// for the writer thread wait beside it. Answers are given when the batch was written, or at the hand-over
// with relaxed durability.
#pragma once

#include "store/store.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>

namespace lumoz::store {

/// A record on its way, and how it went.
struct Pending {
    Record record;
    ReceiptStore::Done done;  ///< empty when the caller was answered at the hand-over
    Status status;
};

struct QueueOptions {
    bool relaxed = false;             ///< answer at the hand-over; the batch gathers for a moment
    std::size_t queue_limit = 16384;  ///< records that wait; then `E_STORE_BUSY`
    std::size_t batch_limit = 65536;  ///< records of one batch
};

/// Thread-safe but for what is the writer thread's.
class RecordQueue {
public:
    using SteadyTime = std::chrono::steady_clock::time_point;

    explicit RecordQueue(const QueueOptions& options) : options_(options) {}

    /// ReceiptStore::append up to the hand-over.
    void append(Record record, ReceiptStore::Done done);
    /// Runs `job` on the writer thread and waits for its answer. `E_STORE_CLOSED`.
    Status on_writer(std::move_only_function<Status()> job);
    /// What waits or is being written: receipt id first, then response id, the newest of equals.
    [[nodiscard]] std::optional<Record> find(std::optional<std::string_view> owner,
                                             std::string_view id) const;
    /// No more records or jobs; `take` gives what is left.
    void close();
    /// `appended`, `failed`, `refused`, `queued`; the rest is 0.
    [[nodiscard]] StoreCounters counters() const;
    [[nodiscard]] bool relaxed() const { return options_.relaxed; }

    /// Writer thread: waits until there is work, or `until`; with `at_once` not at all. False when the queue
    /// is closed and empty.
    bool take(SteadyTime until, bool at_once);
    /// Writer thread: what was taken.
    [[nodiscard]] std::span<Pending> batch() { return batch_; }
    /// Writer thread: every record of the batch failed; logged.
    void fail_batch(const Error& error);
    /// Writer thread: gives every record of the batch its status and forgets the batch.
    void answer_batch();
    /// Writer thread.
    void run_jobs();

private:
    Status admit(const Record& record);
    void fill_batch();

    const QueueOptions options_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool closed_ = false;
    std::vector<Pending> queue_;
    std::size_t queue_bytes_ = 0;
    std::vector<Pending> batch_;  ///< filled and emptied under the mutex, written by the writer thread
    std::vector<std::move_only_function<void()>> jobs_;
    std::atomic<std::uint64_t> appended_{0}, failed_{0}, refused_{0};
};

}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
// What both stores are around their database: the queue, the thread that writes its batches and keeps house
// between them, and the keysets of this process.
#pragma once

#include "store/health.hpp"
#include "store/own_keysets.hpp"
#include "store/record_queue.hpp"

#include <thread>

namespace lumoz::store {

class QueuedStore : public ReceiptStore {
public:
    QueuedStore(const QueuedStore&) = delete;
    QueuedStore& operator=(const QueuedStore&) = delete;

    void append(Record record, Done done) final;
    Result<std::optional<StoredRecord>> find(std::optional<std::string_view> owner,
                                             std::string_view id) final;
    Status put_keyset(KeysetEvidence keyset) final;
    [[nodiscard]] Status healthy() const final { return health_.check(); }
    void upkeep_now() final;

protected:
    QueuedStore(const QueueOptions& queue, std::chrono::milliseconds upkeep_interval);
    /// The last line of the constructor of what derives.
    void start();
    /// The first line of its destructor: writes what is queued, ends the thread.
    void stop();

    // Called on the writer thread only.
    /// `queue().batch()` in one transaction.
    virtual Status write_batch() = 0;
    virtual Status write_keyset(const KeysetEvidence& keyset) = 0;
    /// Behind the answers of a batch: nobody waits.
    virtual void after_batch() {}
    /// Once in an interval; with `thorough` also what is otherwise done less often.
    virtual void look_around(bool thorough) = 0;
    /// Deletes at most `rows` rows that are due. True when more may be due.
    virtual bool step(std::size_t rows) = 0;

    /// `find` behind the queue; any thread.
    virtual Result<std::optional<StoredRecord>> find_written(std::optional<std::string_view> owner,
                                                             std::string_view id) = 0;

    [[nodiscard]] RecordQueue& queue() { return queue_; }
    [[nodiscard]] Health& health() { return health_; }
    [[nodiscard]] const Health& health() const { return health_; }
    [[nodiscard]] const OwnKeysets& own_keysets() const { return own_keysets_; }
    /// Without what only the database knows.
    [[nodiscard]] StoreCounters queue_counters() const;

private:
    void run();
    void commit_batch();

    const std::chrono::milliseconds upkeep_interval_;
    Health health_;
    OwnKeysets own_keysets_;
    RecordQueue queue_;
    std::atomic<std::uint64_t> commits_{0};
    std::thread thread_;
};

}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_store.hpp"

#include "store/reader_pool.hpp"
#include "store/record_queue.hpp"
#include "store/retention.hpp"

#include <map>
#include <pthread.h>
#include <thread>

namespace lumoz::store {
namespace {

/// The log is copied into the file behind the answers once it has this many bytes: half of the ballast, so
/// that there is room for the copy on a full disk.
constexpr std::uint64_t kCheckpointBytes = std::uint64_t{8} << 20;
constexpr std::size_t kDeleteStep = 256;
std::string file_of(const SqliteOptions& options) {
    return options.directory / "receipts.db";
}

}  // namespace

class SqliteStore::Impl {
public:
    Impl(SqliteOptions options, const Clock& clock, DirectoryLock lock, std::unique_ptr<Writer> writer)
        : options_(std::move(options)),
          lock_(std::move(lock)),
          writer_(std::move(writer)),
          readers_(file_of(options_)),
          retention_(options_, clock, *writer_, health_),
          queue_(
              {.relaxed = options_.durability == Durability::Relaxed, .queue_limit = options_.queue_limit}) {
        retention_.look_around();
        thread_ = std::thread([this] { run(); });
    }
    ~Impl() {
        queue_.close();
        thread_.join();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void append(Record record, Done done) { queue_.append(std::move(record), std::move(done)); }
    Result<std::optional<StoredRecord>> find(std::optional<std::string_view> owner, std::string_view id);
    Status put_keyset(KeysetEvidence keyset);
    Result<std::optional<KeysetEvidence>> keyset(std::string_view digest) { return readers_.keyset(digest); }
    Result<std::vector<UsageTotal>> usage(std::string_view owner) { return readers_.usage(owner); }
    Status healthy() const { return health_.check(); }
    StoreCounters counters() const;
    Status upkeep_all();

private:
    void run();
    void commit_batch();

    const SqliteOptions options_;
    DirectoryLock lock_;
    std::unique_ptr<Writer> writer_;
    ReaderPool readers_;
    Health health_;
    Retention retention_;
    RecordQueue queue_;

    mutable std::mutex mutex_;
    std::map<std::string, receipt::SignerAddresses, std::less<>> signers_;

    std::atomic<std::uint64_t> commits_{0};
    std::thread thread_;
};

void SqliteStore::Impl::commit_batch() {
    Status done = writer_->write(queue_.batch());
    if (!done && done.error().rule == "E_STORE_FULL" && retention_.make_room())
        done = writer_->write(queue_.batch());
    if (done) {
        ++commits_;
        health_.write_worked();
        return;
    }
    health_.write_failed(done.error());
    queue_.fail_batch(done.error());
}

void SqliteStore::Impl::run() {
    pthread_setname_np(pthread_self(), "receipts");
    RecordQueue::SteadyTime upkeep_at = std::chrono::steady_clock::now() + options_.upkeep_interval;
    bool more_due = false;
    while (queue_.take(upkeep_at, more_due)) {
        const std::size_t written = queue_.batch().size();
        if (written > 0) {
            commit_batch();
            queue_.answer_batch();
            // Nobody waits for this one.
            if (writer_->wal_bytes() >= kCheckpointBytes) {
                if (const Status copied = writer_->checkpoint(false); !copied)
                    health_.write_failed(copied.error());
            }
        }
        queue_.run_jobs();
        if (std::chrono::steady_clock::now() >= upkeep_at) {
            retention_.look_around();
            more_due = true;
            upkeep_at = std::chrono::steady_clock::now() + options_.upkeep_interval;
        }
        // Deleting keeps pace with writing, and otherwise goes in small steps.
        if (more_due) more_due = retention_.step(std::max(kDeleteStep, 2 * written));
    }
}

Status SqliteStore::Impl::put_keyset(KeysetEvidence keyset) {
    LUMOZ_CHECK_OK(check_keyset(keyset));
    LUMOZ_CHECK_OK(queue_.on_writer([this, &keyset] { return writer_->put_keyset(keyset); }));
    const std::lock_guard lock(mutex_);
    signers_[keyset.keyset_digest] = keyset.signers;
    return {};
}

Status SqliteStore::Impl::upkeep_all() {
    return queue_.on_writer([this]() -> Status {
        retention_.look_around();
        while (retention_.step(kDeleteStep)) {
        }
        retention_.look_around();
        return health_.check();
    });
}

Result<std::optional<StoredRecord>> SqliteStore::Impl::find(std::optional<std::string_view> owner,
                                                            std::string_view id) {
    // With relaxed durability an answer may be out while its record still waits.
    if (queue_.relaxed()) {
        if (auto queued = queue_.find(owner, id)) {
            const std::lock_guard lock(mutex_);
            receipt::SignerAddresses signers = signers_[queued->keyset_digest];
            return StoredRecord{std::move(*queued), signers};
        }
    }
    return readers_.find(owner, id);
}

StoreCounters SqliteStore::Impl::counters() const {
    StoreCounters out = queue_.counters();
    out.commits = commits_;
    out.deleted = retention_.deleted();
    out.bytes_used = retention_.bytes_used();
    out.bytes_free = retention_.bytes_free();
    return out;
}

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const SqliteOptions& options, const Clock& clock) {
    LUMOZ_CHECK_OK(make_directory(options.directory));
    LUMOZ_TRY(DirectoryLock lock, DirectoryLock::take(options.directory));
    LUMOZ_TRY(auto writer, Writer::open(file_of(options), options.durability == Durability::Full));
    auto impl = std::make_unique<Impl>(options, clock, std::move(lock), std::move(writer));
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(impl)));
}

void SqliteStore::append(Record record, Done done) {
    impl_->append(std::move(record), std::move(done));
}
Result<std::optional<StoredRecord>> SqliteStore::find(std::optional<std::string_view> owner,
                                                      std::string_view id) {
    return impl_->find(owner, id);
}
Status SqliteStore::put_keyset(KeysetEvidence keyset) {
    return impl_->put_keyset(std::move(keyset));
}
Result<std::optional<KeysetEvidence>> SqliteStore::keyset(std::string_view keyset_digest) {
    return impl_->keyset(keyset_digest);
}
Result<std::vector<UsageTotal>> SqliteStore::usage(std::string_view owner) {
    return impl_->usage(owner);
}
Status SqliteStore::healthy() const {
    return impl_->healthy();
}
StoreCounters SqliteStore::counters() const {
    return impl_->counters();
}
void SqliteStore::upkeep_now() {
    // What went wrong is in healthy().
    [[maybe_unused]] const Status status = impl_->upkeep_all();
}

}  // namespace lumoz::store

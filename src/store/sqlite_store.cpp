// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_store.hpp"

#include "base/log.hpp"
#include "store/reader_pool.hpp"
#include "store/retention.hpp"

#include <condition_variable>
#include <future>
#include <pthread.h>
#include <thread>

namespace lumoz::store {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Bytes of documents that may wait, beside the count.
constexpr std::size_t kQueueBytes = std::size_t{64} << 20;
/// The log is copied into the file behind the answers once it has this many bytes: half of the ballast, so
/// that there is room for the copy on a full disk.
constexpr std::uint64_t kCheckpointBytes = std::uint64_t{8} << 20;
constexpr std::size_t kDeleteStep = 256;
/// With relaxed durability nobody waits for the commit, so it gathers: this long, or this many records.
constexpr std::chrono::milliseconds kGatherTime{10};
constexpr std::size_t kGatherRecords = 256;

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
          retention_(options_, clock, *writer_, health_) {
        retention_.look_around();
        thread_ = std::thread([this] { run(); });
    }
    ~Impl() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void append(Record record, Done done);
    Result<std::optional<StoredRecord>> find(std::optional<std::string_view> owner, std::string_view id);
    Status put_keyset(KeysetEvidence keyset);
    Result<std::optional<KeysetEvidence>> keyset(std::string_view digest) { return readers_.keyset(digest); }
    Result<std::vector<UsageTotal>> usage(std::string_view owner) { return readers_.usage(owner); }
    Status healthy() const { return health_.check(); }
    StoreCounters counters() const;
    /// Runs `job` on the writer thread and waits for its answer.
    Status on_writer(std::move_only_function<Status()> job);
    Status upkeep_all();

private:
    bool relaxed() const { return options_.durability == Durability::Relaxed; }
    Status admit(const Record& record);
    void run();
    bool take_work(SteadyTime upkeep_at);
    void commit_batch();
    void answer_batch();
    void run_jobs();
    std::optional<StoredRecord> find_queued(std::optional<std::string_view> owner, std::string_view id);

    const SqliteOptions options_;
    DirectoryLock lock_;
    std::unique_ptr<Writer> writer_;
    ReaderPool readers_;
    Health health_;
    Retention retention_;
    bool more_due_ = false;  ///< writer thread only

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::vector<Pending> queue_;
    std::size_t queue_bytes_ = 0;
    std::vector<Pending> batch_;  ///< filled and emptied under the mutex, written by the writer thread
    std::vector<std::move_only_function<void()>> jobs_;
    std::map<std::string, receipt::SignerAddresses, std::less<>> signers_;

    std::atomic<std::uint64_t> appended_{0}, commits_{0}, failed_{0}, refused_{0};
    std::thread thread_;
};

Status SqliteStore::Impl::admit(const Record& record) {
    if (stopping_) return fail(Errc::Closed, "E_STORE_CLOSED", "store.append.closed");
    const std::size_t bytes = record.receipt_json.size();
    if (queue_.size() >= options_.queue_limit || queue_bytes_ + bytes > kQueueBytes) {
        ++refused_;
        return fail(Errc::Limit, "E_STORE_BUSY", "store.append.queue",
                    std::to_string(queue_.size()) + " records wait");
    }
    return {};
}

void SqliteStore::Impl::append(Record record, Done done) {
    Status status = check_record(record);
    bool wake = true;
    if (status) {
        const std::lock_guard lock(mutex_);
        status = admit(record);
        if (status) {
            queue_bytes_ += record.receipt_json.size();
            queue_.push_back({std::move(record), relaxed() ? Done() : std::move(done), {}});
            wake = !relaxed() || queue_.size() == 1 || queue_.size() == kGatherRecords;
        }
    }
    if (status && wake) wake_.notify_one();
    if (!status) ++failed_;
    // Full durability: the writer answers after the commit.
    if (!status || relaxed()) done(std::move(status));
}

bool SqliteStore::Impl::take_work(SteadyTime upkeep_at) {
    std::unique_lock lock(mutex_);
    const auto something = [this] { return !queue_.empty() || !jobs_.empty() || stopping_; };
    if (!more_due_) wake_.wait_until(lock, upkeep_at, something);
    if (relaxed() && !queue_.empty()) {
        wake_.wait_for(lock, kGatherTime,
                       [this] { return stopping_ || !jobs_.empty() || queue_.size() >= kGatherRecords; });
    }
    batch_.swap(queue_);
    queue_bytes_ = 0;
    return !(stopping_ && batch_.empty() && jobs_.empty());
}

void SqliteStore::Impl::commit_batch() {
    Status done = writer_->write(batch_);
    if (!done && done.error().rule == "E_STORE_FULL" && retention_.make_room()) done = writer_->write(batch_);
    if (done) {
        ++commits_;
        health_.write_worked();
        return;
    }
    health_.write_failed(done.error());
    log::error("store.commit_failed", {{"rule", done.error().rule},
                                       {"where", done.error().where},
                                       {"detail", std::string_view(done.error().detail)},
                                       {"records", static_cast<std::int64_t>(batch_.size())}});
    for (Pending& item : batch_)
        item.status = std::unexpected(done.error());
}

void SqliteStore::Impl::answer_batch() {
    for (Pending& item : batch_) {
        ++(item.status ? appended_ : failed_);
        if (item.done) item.done(std::move(item.status));
    }
    const std::lock_guard lock(mutex_);
    batch_.clear();
}

void SqliteStore::Impl::run_jobs() {
    std::vector<std::move_only_function<void()>> jobs;
    {
        const std::lock_guard lock(mutex_);
        jobs.swap(jobs_);
    }
    for (auto& job : jobs)
        job();
}

void SqliteStore::Impl::run() {
    pthread_setname_np(pthread_self(), "receipts");
    SteadyTime upkeep_at = std::chrono::steady_clock::now() + options_.upkeep_interval;
    while (take_work(upkeep_at)) {
        const std::size_t written = batch_.size();
        if (written > 0) {
            commit_batch();
            answer_batch();
            // Nobody waits for this one.
            if (writer_->wal_bytes() >= kCheckpointBytes) {
                if (const Status copied = writer_->checkpoint(false); !copied)
                    health_.write_failed(copied.error());
            }
        }
        run_jobs();
        if (std::chrono::steady_clock::now() >= upkeep_at) {
            retention_.look_around();
            more_due_ = true;
            upkeep_at = std::chrono::steady_clock::now() + options_.upkeep_interval;
        }
        // Deleting keeps pace with writing, and otherwise goes in small steps.
        if (more_due_) more_due_ = retention_.step(std::max(kDeleteStep, 2 * written));
    }
}

Status SqliteStore::Impl::on_writer(std::move_only_function<Status()> job) {
    auto promise = std::make_shared<std::promise<Status>>();
    std::future<Status> answer = promise->get_future();
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return fail(Errc::Closed, "E_STORE_CLOSED", "store.job.closed");
        jobs_.push_back([promise, job = std::move(job)]() mutable { promise->set_value(job()); });
    }
    wake_.notify_one();
    return answer.get();
}

Status SqliteStore::Impl::put_keyset(KeysetEvidence keyset) {
    LUMOZ_CHECK_OK(check_keyset(keyset));
    LUMOZ_CHECK_OK(on_writer([this, &keyset] { return writer_->put_keyset(keyset); }));
    const std::lock_guard lock(mutex_);
    signers_[keyset.keyset_digest] = keyset.signers;
    return {};
}

Status SqliteStore::Impl::upkeep_all() {
    return on_writer([this]() -> Status {
        retention_.look_around();
        while (retention_.step(kDeleteStep)) {
        }
        retention_.look_around();
        return health_.check();
    });
}

std::optional<StoredRecord> SqliteStore::Impl::find_queued(std::optional<std::string_view> owner,
                                                           std::string_view id) {
    const std::lock_guard lock(mutex_);
    const Record* by_response = nullptr;
    const auto found = [&](const Record& record) {
        return StoredRecord{record, signers_[record.keyset_digest]};
    };
    for (const std::vector<Pending>* list : {&queue_, &batch_}) {
        for (auto item = list->rbegin(); item != list->rend(); ++item) {
            if (owner && item->record.owner != *owner) continue;
            if (item->record.receipt_id == id) return found(item->record);
            if (by_response == nullptr && item->record.response_id == id) by_response = &item->record;
        }
    }
    if (by_response != nullptr) return found(*by_response);
    return std::nullopt;
}

Result<std::optional<StoredRecord>> SqliteStore::Impl::find(std::optional<std::string_view> owner,
                                                            std::string_view id) {
    // With relaxed durability an answer may be out while its record still waits.
    if (relaxed()) {
        if (auto queued = find_queued(owner, id)) return queued;
    }
    return readers_.find(owner, id);
}

StoreCounters SqliteStore::Impl::counters() const {
    StoreCounters out{appended_,
                      commits_,
                      failed_,
                      refused_,
                      retention_.deleted(),
                      0,
                      retention_.bytes_used(),
                      retention_.bytes_free()};
    const std::lock_guard lock(mutex_);
    out.queued = queue_.size() + batch_.size();
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

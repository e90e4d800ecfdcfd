// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_store.hpp"

#include "base/log.hpp"
#include "store/columns.hpp"
#include "store/health.hpp"
#include "store/pg_readers.hpp"
#include "store/pg_writer.hpp"

#include <map>
#include <pthread.h>
#include <thread>

namespace lumoz::store {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kDeleteStep = 256;
constexpr std::size_t kBatchLimit = 2048;
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{2000};
/// Keysets whose evidence is kept to be stored again after the database was put back.
constexpr std::size_t kOwnKeysets = 16;

/// The keysets that this process put. Thread-safe.
class OwnKeysets {
public:
    void put(const KeysetEvidence& keyset) {
        const std::lock_guard lock(mutex_);
        std::erase_if(keysets_, [&](const auto& own) { return own.keyset_digest == keyset.keyset_digest; });
        keysets_.push_back(keyset);
        if (keysets_.size() > kOwnKeysets) keysets_.erase(keysets_.begin());
    }
    [[nodiscard]] std::vector<KeysetEvidence> all() const {
        const std::lock_guard lock(mutex_);
        return keysets_;
    }
    [[nodiscard]] std::vector<std::string> digests() const {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> out;
        for (const KeysetEvidence& own : keysets_)
            out.push_back(own.keyset_digest);
        return out;
    }
    [[nodiscard]] receipt::SignerAddresses signers(std::string_view digest) const {
        const std::lock_guard lock(mutex_);
        for (const KeysetEvidence& own : keysets_)
            if (own.keyset_digest == digest) return own.signers;
        return {};
    }

private:
    mutable std::mutex mutex_;
    std::vector<KeysetEvidence> keysets_;  ///< oldest first
};

}  // namespace

class PostgresStore::Impl {
public:
    Impl(PostgresOptions options, const Clock& clock, std::unique_ptr<PgWriter> writer)
        : options_(std::move(options)),
          clock_(clock),
          writer_(std::move(writer)),
          readers_(options_.target, options_.read_limit),
          queue_({.relaxed = options_.durability == Durability::Relaxed,
                  .queue_limit = options_.queue_limit,
                  .batch_limit = kBatchLimit}) {
        look_around();
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
    Status put_keyset(const KeysetEvidence& keyset);
    Result<std::optional<KeysetEvidence>> keyset(std::string_view digest);
    Result<std::vector<UsageTotal>> usage(std::string_view owner);
    Status healthy() const { return health_.check(); }
    StoreCounters counters() const;
    Status upkeep_all();

private:
    void run();
    /// A connection that works, made again when the last one is gone and its pause is over.
    Status ready();
    Status connect();
    Status put_own_keysets();
    Status write_batch();
    void commit_batch();
    void look_around();
    Status look();
    bool step(std::size_t rows);
    void note(const Status& status);
    /// While the database is known to be away nobody is kept waiting for it.
    Status readable() const;

    const PostgresOptions options_;
    const Clock& clock_;
    std::unique_ptr<PgWriter> writer_;  ///< writer thread only, as all up to `readers_`
    std::chrono::milliseconds pause_{0};
    SteadyTime next_attempt_{};
    SteadyTime next_renewal_{};
    PgReaders readers_;
    Health health_;
    OwnKeysets own_;
    RecordQueue queue_;
    std::atomic<std::uint64_t> commits_{0}, deleted_{0}, bytes_used_{0};
    std::thread thread_;
};

void PostgresStore::Impl::note(const Status& status) {
    const bool was_well = health_.writes();
    if (status) {
        health_.write_worked();
        if (!was_well) log::info("store.database_back", {});
        return;
    }
    health_.write_failed(status.error());
    if (was_well) {
        log::warn("store.database_lost", {{"rule", status.error().rule},
                                          {"where", status.error().where},
                                          {"detail", std::string_view(status.error().detail)}});
    }
    // A server that became a standby: the writable one is found by connecting again.
    if (status.error().rule == "E_STORE_READONLY") writer_.reset();
}

Status PostgresStore::Impl::connect() {
    LUMOZ_TRY(writer_, PgWriter::open(options_));
    return put_own_keysets();
}

Status PostgresStore::Impl::ready() {
    if (writer_ && writer_->alive()) return {};
    writer_.reset();
    if (std::chrono::steady_clock::now() < next_attempt_)
        return fail(Errc::Io, "E_STORE_IO", "store.postgres.connect", "the database is away");
    Status connected = connect();
    if (connected) {
        pause_ = {};
        return {};
    }
    writer_.reset();
    pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
    next_attempt_ = std::chrono::steady_clock::now() + pause_;
    return connected;
}

Status PostgresStore::Impl::put_own_keysets() {
    for (const KeysetEvidence& keyset : own_.all()) {
        LUMOZ_CHECK_OK(writer_->put_keyset(keyset));
    }
    return {};
}

Status PostgresStore::Impl::write_batch() {
    LUMOZ_CHECK_OK(ready());
    Status done = writer_->write(queue_.batch());
    if (done || done.error().rule != "E_STORE_LEASE") return done;
    // This process slept longer than its lease.
    LUMOZ_CHECK_OK(put_own_keysets());
    return writer_->write(queue_.batch());
}

void PostgresStore::Impl::commit_batch() {
    const Status done = write_batch();
    note(done);
    if (done) {
        ++commits_;
    } else {
        queue_.fail_batch(done.error());
    }
}

Status PostgresStore::Impl::look() {
    LUMOZ_CHECK_OK(ready());
    LUMOZ_TRY(const std::uint64_t bytes, writer_->bytes_used());
    bytes_used_ = bytes;
    if (!health_.writes()) {
        LUMOZ_CHECK_OK(writer_->probe());
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < next_renewal_) return {};
    LUMOZ_CHECK_OK(writer_->renew(own_.digests()));
    LUMOZ_CHECK_OK(writer_->drop_unused_keysets());
    next_renewal_ = now + options_.lease / 4;
    return {};
}

void PostgresStore::Impl::look_around() {
    note(look());
}

bool PostgresStore::Impl::step(std::size_t rows) {
    if (!health_.writes() || !writer_) return false;
    const UnixTime before = clock_.now() - options_.max_age.count();
    const auto gone = writer_->delete_oldest(rows, before, options_.max_bytes);
    if (!gone) {
        note(std::unexpected(gone.error()));
        return false;
    }
    deleted_ += *gone;
    if (*gone > 0) {
        if (const auto bytes = writer_->bytes_used()) bytes_used_ = *bytes;
    }
    return *gone == rows;
}

void PostgresStore::Impl::run() {
    pthread_setname_np(pthread_self(), "receipts");
    SteadyTime upkeep_at = std::chrono::steady_clock::now() + options_.upkeep_interval;
    bool more_due = false;
    while (queue_.take(upkeep_at, more_due)) {
        const std::size_t written = queue_.batch().size();
        if (written > 0) {
            commit_batch();
            queue_.answer_batch();
        }
        queue_.run_jobs();
        if (std::chrono::steady_clock::now() >= upkeep_at) {
            look_around();
            more_due = true;
            upkeep_at = std::chrono::steady_clock::now() + options_.upkeep_interval;
        }
        if (more_due) more_due = step(std::max(kDeleteStep, 2 * written));
    }
}

Status PostgresStore::Impl::put_keyset(const KeysetEvidence& keyset) {
    LUMOZ_CHECK_OK(check_keyset(keyset));
    return queue_.on_writer([this, &keyset]() -> Status {
        LUMOZ_CHECK_OK(ready());
        Status put = writer_->put_keyset(keyset);
        if (put) {
            own_.put(keyset);
        } else {
            note(put);
        }
        return put;
    });
}

Status PostgresStore::Impl::upkeep_all() {
    return queue_.on_writer([this]() -> Status {
        next_renewal_ = {};
        look_around();
        while (step(kDeleteStep)) {
        }
        next_renewal_ = {};
        look_around();
        return health_.check();
    });
}

Status PostgresStore::Impl::readable() const {
    Status status = health_.check();
    if (!status && status.error().rule == "E_STORE_IO") return status;
    return {};
}

Result<std::optional<StoredRecord>> PostgresStore::Impl::find(std::optional<std::string_view> owner,
                                                              std::string_view id) {
    if (queue_.relaxed()) {
        if (auto queued = queue_.find(owner, id)) {
            const receipt::SignerAddresses signers = own_.signers(queued->keyset_digest);
            return StoredRecord{std::move(*queued), signers};
        }
    }
    LUMOZ_CHECK_OK(readable());
    return readers_.find(owner, id);
}

Result<std::optional<KeysetEvidence>> PostgresStore::Impl::keyset(std::string_view digest) {
    LUMOZ_CHECK_OK(readable());
    return readers_.keyset(digest);
}

Result<std::vector<UsageTotal>> PostgresStore::Impl::usage(std::string_view owner) {
    LUMOZ_CHECK_OK(readable());
    return readers_.usage(owner);
}

StoreCounters PostgresStore::Impl::counters() const {
    StoreCounters out = queue_.counters();
    out.commits = commits_;
    out.deleted = deleted_;
    out.bytes_used = bytes_used_;
    return out;
}

PostgresStore::PostgresStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PostgresStore::~PostgresStore() = default;

Result<std::unique_ptr<PostgresStore>> PostgresStore::open(const PostgresOptions& options,
                                                           const Clock& clock) {
    LUMOZ_TRY(auto writer, PgWriter::open(options));
    auto impl = std::make_unique<Impl>(options, clock, std::move(writer));
    return std::unique_ptr<PostgresStore>(new PostgresStore(std::move(impl)));
}

void PostgresStore::append(Record record, Done done) {
    impl_->append(std::move(record), std::move(done));
}
Result<std::optional<StoredRecord>> PostgresStore::find(std::optional<std::string_view> owner,
                                                        std::string_view id) {
    return impl_->find(owner, id);
}
Status PostgresStore::put_keyset(KeysetEvidence keyset) {
    return impl_->put_keyset(keyset);
}
Result<std::optional<KeysetEvidence>> PostgresStore::keyset(std::string_view keyset_digest) {
    return impl_->keyset(keyset_digest);
}
Result<std::vector<UsageTotal>> PostgresStore::usage(std::string_view owner) {
    return impl_->usage(owner);
}
Status PostgresStore::healthy() const {
    return impl_->healthy();
}
StoreCounters PostgresStore::counters() const {
    return impl_->counters();
}
void PostgresStore::upkeep_now() {
    // What went wrong is in healthy().
    [[maybe_unused]] const Status status = impl_->upkeep_all();
}

}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
#include "store/postgres_store.hpp"

#include "base/log.hpp"
#include "store/pg_readers.hpp"
#include "store/pg_writer.hpp"
#include "store/queued_store.hpp"

namespace lumoz::store {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kBatchLimit = 2048;
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{2000};

class PostgresStore final : public QueuedStore {
public:
    PostgresStore(PostgresOptions options, const Clock& clock, std::unique_ptr<PgWriter> writer)
        : QueuedStore({.relaxed = options.durability == Durability::Relaxed,
                       .queue_limit = options.queue_limit,
                       .batch_limit = kBatchLimit},
                      options.upkeep_interval),
          options_(std::move(options)),
          clock_(clock),
          writer_(std::move(writer)),
          readers_(options_.target, options_.read_limit) {
        start();
    }
    ~PostgresStore() override { stop(); }

    Result<std::optional<KeysetEvidence>> keyset(std::string_view digest) override;
    Result<std::vector<UsageTotal>> usage(std::string_view owner) override;
    [[nodiscard]] StoreCounters counters() const override;

private:
    Status write_batch() override;
    Status write_keyset(const KeysetEvidence& keyset) override;
    void look_around(bool thorough) override;
    bool step(std::size_t rows) override;
    Result<std::optional<StoredRecord>> find_written(std::optional<std::string_view> owner,
                                                     std::string_view id) override;

    /// A connection that works, made again when the last one is gone and its pause is over.
    Status ready();
    Status connect();
    Status put_own_keysets();
    Status try_write();
    Status look();
    void note(const Status& status);
    /// While the database is known to be away nobody is kept waiting for it.
    [[nodiscard]] Status readable() const;

    const PostgresOptions options_;
    const Clock& clock_;
    std::unique_ptr<PgWriter> writer_;  ///< writer thread only, as all up to `readers_`
    std::chrono::milliseconds pause_{0};
    SteadyTime next_attempt_{};
    SteadyTime next_renewal_{};
    PgReaders readers_;
    std::atomic<std::uint64_t> deleted_{0}, bytes_used_{0};
};

void PostgresStore::note(const Status& status) {
    const bool was_well = health().writes();
    if (status) {
        health().write_worked();
        if (!was_well) log::info("store.database_back", {});
        return;
    }
    health().write_failed(status.error());
    if (was_well) {
        log::warn("store.database_lost", {{"rule", status.error().rule},
                                          {"where", status.error().where},
                                          {"detail", std::string_view(status.error().detail)}});
    }
    // A server that became a standby: the writable one is found by connecting again.
    if (status.error().rule == "E_STORE_READONLY") writer_.reset();
}

Status PostgresStore::connect() {
    LUMOZ_TRY(writer_, PgWriter::open(options_));
    return put_own_keysets();
}

Status PostgresStore::ready() {
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

Status PostgresStore::put_own_keysets() {
    for (const KeysetEvidence& keyset : own_keysets().all()) {
        LUMOZ_CHECK_OK(writer_->put_keyset(keyset));
    }
    return {};
}

Status PostgresStore::try_write() {
    LUMOZ_CHECK_OK(ready());
    Status done = writer_->write(queue().batch());
    if (done || done.error().rule != "E_STORE_LEASE") return done;
    // This process slept longer than its lease.
    LUMOZ_CHECK_OK(put_own_keysets());
    return writer_->write(queue().batch());
}

Status PostgresStore::write_batch() {
    Status done = try_write();
    note(done);
    return done;
}

Status PostgresStore::write_keyset(const KeysetEvidence& keyset) {
    LUMOZ_CHECK_OK(ready());
    Status put = writer_->put_keyset(keyset);
    if (!put) note(put);
    return put;
}

Status PostgresStore::look() {
    LUMOZ_CHECK_OK(ready());
    LUMOZ_TRY(const std::uint64_t bytes, writer_->bytes_used());
    bytes_used_ = bytes;
    if (!health().writes()) {
        LUMOZ_CHECK_OK(writer_->probe());
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < next_renewal_) return {};
    LUMOZ_CHECK_OK(writer_->renew(own_keysets().digests()));
    LUMOZ_CHECK_OK(writer_->drop_unused_keysets());
    next_renewal_ = now + options_.lease / 4;
    return {};
}

void PostgresStore::look_around(bool thorough) {
    if (thorough) next_renewal_ = {};
    note(look());
}

bool PostgresStore::step(std::size_t rows) {
    if (!health().writes() || !writer_) return false;
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

Status PostgresStore::readable() const {
    Status status = health().check();
    if (!status && status.error().rule == "E_STORE_IO") return status;
    return {};
}

Result<std::optional<StoredRecord>> PostgresStore::find_written(std::optional<std::string_view> owner,
                                                                std::string_view id) {
    LUMOZ_CHECK_OK(readable());
    return readers_.find(owner, id);
}

Result<std::optional<KeysetEvidence>> PostgresStore::keyset(std::string_view digest) {
    LUMOZ_CHECK_OK(readable());
    return readers_.keyset(digest);
}

Result<std::vector<UsageTotal>> PostgresStore::usage(std::string_view owner) {
    LUMOZ_CHECK_OK(readable());
    return readers_.usage(owner);
}

StoreCounters PostgresStore::counters() const {
    StoreCounters out = queue_counters();
    out.deleted = deleted_;
    out.bytes_used = bytes_used_;
    return out;
}

}  // namespace

Result<std::unique_ptr<ReceiptStore>> open_postgres_store(const PostgresOptions& options,
                                                          const Clock& clock) {
    LUMOZ_TRY(auto writer, PgWriter::open(options));
    return std::make_unique<PostgresStore>(options, clock, std::move(writer));
}

}  // namespace lumoz::store

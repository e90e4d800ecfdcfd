// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_store.hpp"

#include "store/queued_store.hpp"
#include "store/reader_pool.hpp"
#include "store/retention.hpp"

namespace lumoz::store {
namespace {

/// The log is copied into the file behind the answers once it has this many bytes: half of the ballast, so
/// that there is room for the copy on a full disk.
constexpr std::uint64_t kCheckpointBytes = std::uint64_t{8} << 20;

std::string file_of(const SqliteOptions& options) {
    return options.directory / "receipts.db";
}

class SqliteStore final : public QueuedStore {
public:
    SqliteStore(SqliteOptions options, const Clock& clock, DirectoryLock lock, std::unique_ptr<Writer> writer)
        : QueuedStore(
              {.relaxed = options.durability == Durability::Relaxed, .queue_limit = options.queue_limit},
              options.upkeep_interval),
          options_(std::move(options)),
          lock_(std::move(lock)),
          writer_(std::move(writer)),
          readers_(file_of(options_)),
          retention_(options_, clock, *writer_, health(), own_keysets()) {
        start();
    }
    ~SqliteStore() override { stop(); }

    Result<std::optional<KeysetEvidence>> keyset(std::string_view digest) override {
        return readers_.keyset(digest);
    }
    Result<std::vector<UsageTotal>> usage(std::string_view owner) override { return readers_.usage(owner); }
    [[nodiscard]] StoreCounters counters() const override {
        StoreCounters out = queue_counters();
        out.deleted = retention_.deleted();
        out.bytes_used = retention_.bytes_used();
        out.bytes_free = retention_.bytes_free();
        return out;
    }

private:
    Status write_batch() override;
    Status write_keyset(const KeysetEvidence& keyset) override { return writer_->put_keyset(keyset); }
    void after_batch() override;
    void look_around(bool) override { retention_.look_around(); }
    bool step(std::size_t rows) override { return retention_.step(rows); }
    Result<std::optional<StoredRecord>> find_written(std::optional<std::string_view> owner,
                                                     std::string_view id) override {
        return readers_.find(owner, id);
    }

    const SqliteOptions options_;
    DirectoryLock lock_;
    std::unique_ptr<Writer> writer_;
    ReaderPool readers_;
    Retention retention_;
};

Status SqliteStore::write_batch() {
    Status done = writer_->write(queue().batch());
    if (!done && done.error().rule == "E_STORE_FULL" && retention_.make_room())
        done = writer_->write(queue().batch());
    if (done) {
        health().write_worked();
    } else {
        health().write_failed(done.error());
    }
    return done;
}

void SqliteStore::after_batch() {
    if (writer_->wal_bytes() < kCheckpointBytes) return;
    if (const Status copied = writer_->checkpoint(false); !copied) health().write_failed(copied.error());
}

}  // namespace

Result<std::unique_ptr<ReceiptStore>> open_sqlite_store(const SqliteOptions& options, const Clock& clock) {
    LUMOZ_CHECK_OK(make_directory(options.directory));
    LUMOZ_TRY(DirectoryLock lock, DirectoryLock::take(options.directory));
    LUMOZ_TRY(auto writer, Writer::open(file_of(options), options.durability == Durability::Full));
    return std::make_unique<SqliteStore>(options, clock, std::move(lock), std::move(writer));
}

}  // namespace lumoz::store

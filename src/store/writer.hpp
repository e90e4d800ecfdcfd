// SPDX-License-Identifier: Apache-2.0
// The one connection that writes. Lives on the writer thread; knows rows and transactions, no queue and no
// clock.
#pragma once

#include "store/record_queue.hpp"
#include "store/rows.hpp"
#include "store/usage_sum.hpp"

#include <map>
#include <span>

namespace lumoz::store {

/// Not thread-safe.
class Writer {
public:
    /// `full`: a commit waits for the disk.
    static Result<std::unique_ptr<Writer>> open(const std::string& path, bool full);

    /// All records in one transaction. The result is that of the transaction; when it is good, a record of an
    /// unknown keyset has `E_STORE_KEYSET` in its status and is not stored.
    Status write(std::span<Pending> batch);
    Status put_keyset(const KeysetEvidence& keyset);
    /// The smallest transaction that must reach the disk: shows whether writing works again.
    Status probe();

    /// Deletes rows among the `count` oldest: those served before `before`, and so many that they come to
    /// about `excess` bytes. Gives the number deleted.
    Result<std::size_t> delete_oldest(std::size_t count, UnixTime before, std::uint64_t excess);
    /// Deletes keysets that no receipt names any more, but for those of `in_use`.
    Status drop_unused_keysets(std::span<const std::string> in_use);

    struct Pages {
        std::uint64_t all = 0;
        std::uint64_t free = 0;
    };
    Result<Pages> pages();
    /// Of this file: what it was made with.
    [[nodiscard]] std::uint64_t page_size() const { return static_cast<std::uint64_t>(page_size_); }
    /// Gives up to `count` free pages back to the file system.
    Status vacuum(std::size_t count);
    /// Bytes in the write-ahead log.
    [[nodiscard]] std::uint64_t wal_bytes() const {
        return static_cast<std::uint64_t>(wal_pages_) * page_size();
    }
    /// Copies the log into the file; `truncate` also gives the log's space back. A log that readers hold is
    /// no error.
    Status checkpoint(bool truncate);

private:
    Status prepare_all();
    Status insert_all(std::span<Pending> batch);
    Status add_usage(const UsageSum& sum);
    Result<std::vector<std::int64_t>> unused_keysets(std::span<const std::string> in_use);
    /// Writes what `last_of_keyset_` holds; inside a transaction.
    Status touch_keysets();
    Result<std::int64_t> owner_id(const std::string& name);
    Result<std::optional<std::int64_t>> keyset_id(const std::string& digest);
    /// Runs `body` between BEGIN and COMMIT, or rolls back.
    template <class Body>
    Status transaction(Body body);

    Database db_;
    Statement begin_, commit_, rollback_, insert_, touch_keyset_, owner_insert_, owner_select_,
        keyset_select_, keyset_put_, evidence_put_, probe_, delete_age_, delete_excess_, page_count_,
        free_count_, keysets_unused_, keyset_delete_, evidence_delete_, usage_add_;
    std::map<std::string, std::int64_t, std::less<>> owners_;
    std::map<std::string, std::int64_t, std::less<>> keysets_;
    /// Greatest `seq` of each keyset that was used since `keyset.last_seq` was written: not part of every
    /// commit, whose pages somebody waits for.
    std::map<std::int64_t, std::int64_t> last_of_keyset_;
    std::int64_t next_seq_ = 1;
    std::int64_t page_size_ = 0;
    int wal_pages_ = 0;
};

}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
// The one connection of this replica that writes. Knows rows and statements, no queue and no clock of its
// own; made new after each loss of the connection.
#pragma once

#include "store/pg_connection.hpp"
#include "store/postgres_store.hpp"
#include "store/record_queue.hpp"
#include "store/usage_sum.hpp"

namespace lumoz::store {

/// Not thread-safe.
class PgWriter {
public:
    /// Connects, prepares schema, session and statements, and takes a lane.
    static Result<std::unique_ptr<PgWriter>> open(const PostgresOptions& options);

    /// All records in one transaction. The result is that of the transaction; when it is good, a record of an
    /// unknown keyset has `E_STORE_KEYSET` in its status and is not stored. `E_STORE_LEASE`: a keyset was not
    /// renewed in time; nothing is stored, `renew` and try again.
    Status write(std::span<Pending> batch);
    Status put_keyset(const KeysetEvidence& keyset);
    /// Says of these keysets that they are in use.
    Status renew(std::span<const std::string> digests);

    /// Deletes rows among the `count` oldest: those served before `before`, and as many as are above
    /// `keep_bytes`. Nothing while another replica does. Gives the number deleted.
    Result<std::size_t> delete_oldest(std::size_t count, UnixTime before, std::uint64_t keep_bytes);
    /// Deletes keysets whose lease ran out and that no receipt names any more.
    Status drop_unused_keysets();
    /// Of all replicas' records together.
    Result<std::uint64_t> bytes_used();
    /// The smallest transaction that must reach the disk: shows whether writing works again.
    Status probe();
    [[nodiscard]] bool alive() { return db_.alive(); }

private:
    explicit PgWriter(PgConnection db) : db_(std::move(db)) {}
    Status begin_session(const PostgresOptions& options);
    Status take_lane();
    Status prepare_all();
    /// Fills `owners_` with the numbers of all names of the batch.
    Status know_owners(std::span<const Pending> batch);
    /// Fills `keysets_` with those that are there.
    Status know_keysets(std::span<const Pending> batch);
    Result<PgParams> columns_of(std::span<Pending> batch, std::size_t& rows);

    PgConnection db_;
    std::int64_t lane_ = 0;
    std::int64_t lease_seconds_ = 0;
    std::map<std::string, std::int64_t, std::less<>> owners_;
    std::map<std::string, std::int64_t, std::less<>> keysets_;
};

}  // namespace lumoz::store

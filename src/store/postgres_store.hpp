// SPDX-License-Identifier: Apache-2.0
// Receipts in a PostgreSQL database that replicas share: each finds what the others stored. One writer thread
// with group commit, one statement and one transaction for a batch; look-ups have connections of their own.
// The database may go and come back: meanwhile nothing is stored, healthy() refuses, and the store connects
// again by itself. When the connection breaks while a commit is on its way the records count as failed,
// though they may be there (docs/store.md).
#pragma once

#include "store/pg_target.hpp"
#include "store/store.hpp"

#include <chrono>
#include <memory>

namespace lumoz::store {

struct PostgresOptions {
    PgTarget target;
    Durability durability = Durability::Full;
    std::chrono::seconds max_age = std::chrono::hours(24 * 30);
    std::uint64_t max_bytes = std::uint64_t{10} << 30;  ///< of documents and a fixed sum for each row
    std::size_t queue_limit = 16384;                    ///< records that wait; then `E_STORE_BUSY`
    std::chrono::milliseconds upkeep_interval{1000};    ///< connection, retention and leases are looked at
    std::chrono::milliseconds write_limit{10000};       ///< one exchange of the writer
    std::chrono::milliseconds read_limit{2000};  ///< one exchange of a look-up, which holds its caller up
    /// A keyset that no replica named for this long, and no receipt, is forgotten.
    std::chrono::seconds lease = std::chrono::hours(1);
};

/// Connects, makes the schema or migrates an older one forward. `E_STORE_IO`, `E_STORE_VERSION`,
/// `E_STORE_READONLY`, `E_STORE_NOT_DURABLE` (the server runs without fsync, and durability is full).
/// `clock` must outlive the store, which writes what is queued before it closes. `bytes_free` of its counters
/// is the database's to know: 0.
Result<std::unique_ptr<ReceiptStore>> open_postgres_store(const PostgresOptions& options, const Clock& clock);

}  // namespace lumoz::store

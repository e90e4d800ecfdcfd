// SPDX-License-Identifier: Apache-2.0
// The default store: one SQLite file in WAL mode with synchronous=FULL. One writer thread takes everything
// that waits into one transaction (group commit); readers have connections of their own. It keeps receipts
// for a time and up to a size, oldest out first, keeps a reserve of disk space, and goes on by itself when a
// full or read-only disk is well again.
#pragma once

#include "store/store.hpp"

#include <chrono>
#include <filesystem>
#include <memory>

namespace lumoz::store {

struct SqliteOptions {
    std::filesystem::path directory;  ///< made when absent, mode 0700; holds receipts.db and its companions
    Durability durability = Durability::Full;
    std::chrono::seconds max_age = std::chrono::hours(24 * 30);
    std::uint64_t max_bytes = std::uint64_t{10} << 30;
    std::uint64_t min_free_bytes = std::uint64_t{64} << 20;  ///< below it healthy() refuses
    std::uint64_t ballast_bytes = std::uint64_t{16}
                                  << 20;              ///< given up so that deleting works on a full disk
    std::size_t queue_limit = 16384;                  ///< records that wait; then `E_STORE_BUSY`
    std::chrono::milliseconds upkeep_interval{1000};  ///< retention, space and recovery are looked at
};

/// Opens or makes the store, migrates an older schema forward. Errors: `E_STORE_LOCKED` (another process
/// has it), `E_STORE_CORRUPT`, `E_STORE_VERSION` (made by a newer version), `E_STORE_READONLY`,
/// `E_STORE_FULL`, `E_STORE_IO`. `clock` must outlive the store, which writes what is queued before it
/// closes.
Result<std::unique_ptr<ReceiptStore>> open_sqlite_store(const SqliteOptions& options, const Clock& clock);

}  // namespace lumoz::store

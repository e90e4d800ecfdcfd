// SPDX-License-Identifier: Apache-2.0
// Keeps the store inside its bounds: age and size of what is kept, space that stays free on the disk, the
// ballast, the length of the write-ahead log. Works in small steps on the writer thread, between commits.
#pragma once

#include "store/disk.hpp"
#include "store/health.hpp"
#include "store/own_keysets.hpp"
#include "store/sqlite_store.hpp"
#include "store/writer.hpp"

namespace lumoz::store {

/// Not thread-safe, but for the numbers.
class Retention {
public:
    Retention(const SqliteOptions& options, const Clock& clock, Writer& writer, Health& health,
              const OwnKeysets& own_keysets);

    /// Free space into `health`, ballast made or given up, keysets dropped, log shortened. Then `step`.
    void look_around();
    /// Deletes those of the `rows` oldest rows that are due. True when more may be due.
    bool step(std::size_t rows);
    /// A transaction found the disk full: gives the ballast up, true when that made room.
    bool make_room();

    [[nodiscard]] std::uint64_t deleted() const { return deleted_; }
    [[nodiscard]] std::uint64_t bytes_used() const { return bytes_used_; }
    [[nodiscard]] std::uint64_t bytes_free() const { return bytes_free_; }

private:
    void measure();
    void keep_ballast();
    void give_back_space();
    void probe();
    [[nodiscard]] bool tight() const;
    void note(const Status& status);

    const SqliteOptions& options_;
    const Clock& clock_;
    Writer& writer_;
    Health& health_;
    const OwnKeysets& own_keysets_;
    Ballast ballast_;
    std::atomic<std::uint64_t> deleted_{0};
    std::atomic<std::uint64_t> bytes_used_{0};
    std::atomic<std::uint64_t> bytes_free_{0};
};

}  // namespace lumoz::store

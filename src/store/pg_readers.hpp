// SPDX-License-Identifier: Apache-2.0
// Connections for look-ups in PostgreSQL. A look-up takes an idle one or opens another; a few are kept. After
// one that got no answer the next ones fail at once for a moment: they run on threads that serve others.
#pragma once

#include "store/pg_connection.hpp"
#include "store/store.hpp"

#include <mutex>

namespace lumoz::store {

/// Thread-safe. What comes back is compared with what was asked for: the database is not trusted.
class PgReaders {
public:
    PgReaders(PgTarget target, std::chrono::milliseconds limit) : target_(std::move(target)), limit_(limit) {}

    /// Receipt id first, then response id, the newest of equals. Without `owner` any owner's.
    Result<std::optional<StoredRecord>> find(std::optional<std::string_view> owner, std::string_view id);
    Result<std::optional<KeysetEvidence>> keyset(std::string_view digest);
    Result<std::vector<UsageTotal>> usage(std::string_view owner);

private:
    using Connection = std::unique_ptr<PgConnection>;
    /// An idle connection, or nothing.
    Connection take_idle();
    [[nodiscard]] Result<Connection> connect() const;
    Result<Connection> open();
    Result<PgRows> query(const char* name, const PgParams& params, std::string_view where,
                         std::size_t most = 1);
    void give_back(Connection connection);
    void failed();

    const PgTarget target_;
    const std::chrono::milliseconds limit_;
    std::mutex mutex_;
    std::vector<Connection> idle_;
    std::chrono::steady_clock::time_point closed_until_{};
};

}  // namespace lumoz::store

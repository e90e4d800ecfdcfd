// SPDX-License-Identifier: Apache-2.0
// libpq as owned handles and Results: one connection, statements prepared once, every exchange with a
// deadline of this side, whatever the server does. Errors carry the SQLSTATE, never a value of a row and
// never the server's text.
#pragma once

#include "store/pg_params.hpp"
#include "store/pg_target.hpp"

#include <chrono>
#include <memory>

struct pg_conn;
struct pg_result;

namespace lumoz::store {

/// Rows of one answer, in the binary form. Rows and columns count from 0.
class PgRows {
public:
    [[nodiscard]] std::size_t size() const { return rows_.size(); }
    [[nodiscard]] bool is_null(std::size_t row, int column) const;
    /// `E_STORE_CORRUPT` unless it has eight bytes.
    [[nodiscard]] Result<std::int64_t> integer(std::size_t row, int column) const;
    /// `E_STORE_CORRUPT` when longer than `most`. Valid as long as these rows.
    [[nodiscard]] Result<ByteView> bytes(std::size_t row, int column, std::size_t most) const;
    [[nodiscard]] Result<std::string> text(std::size_t row, int column, std::size_t most) const;

private:
    friend class PgConnection;
    struct Clear {
        void operator()(pg_result* result) const;
    };
    std::vector<std::unique_ptr<pg_result, Clear>> rows_;
};

/// Not thread-safe. After an error of the connection itself `alive()` is false and it is of no more use.
class PgConnection {
public:
    using Limit = std::chrono::milliseconds;

    /// Connects within `limit`; later exchanges have `limit` each. `E_STORE_IO`.
    static Result<PgConnection> open(const PgTarget& target, Limit limit);

    /// `sql`: statements without parameters.
    Status run(const std::string& sql, std::string_view where);
    /// `sql`: one statement without parameters that gives at most one row.
    Result<PgRows> ask(const std::string& sql, std::string_view where);
    Status prepare(const char* name, const std::string& sql);
    /// At most `most` rows are taken; more are `E_STORE_CORRUPT`.
    Result<PgRows> query(const char* name, const PgParams& params, std::string_view where,
                         std::size_t most = 1);
    /// A longer limit for what may wait for others.
    void set_limit(Limit limit) { limit_ = limit; }
    /// One look without waiting: false when the other side has gone.
    [[nodiscard]] bool alive();
    /// SQLSTATE of the last error that the server reported; empty when it was none of the server's.
    [[nodiscard]] const std::string& state() const { return state_; }

private:
    using Deadline = std::chrono::steady_clock::time_point;
    struct Finish {
        void operator()(pg_conn* connection) const;
    };
    Status connect(Deadline deadline);
    Status wait(bool write, Deadline deadline, std::string_view where);
    Status flush(Deadline deadline, std::string_view where);
    Result<PgRows> answer(std::string_view where, std::size_t most);
    std::unexpected<Error> lost(std::string_view where, std::string_view what);
    std::unexpected<Error> refused(pg_result* result, std::string_view where);

    std::unique_ptr<pg_conn, Finish> handle_;
    Limit limit_{};
    bool broken_ = false;
    std::string state_;
};

}  // namespace lumoz::store

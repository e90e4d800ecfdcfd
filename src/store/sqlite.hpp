// SPDX-License-Identifier: Apache-2.0
// SQLite as owned handles and Results. Errors carry SQLite's extended code and the system's errno in their
// detail, never a value of a row.
#pragma once

#include "base/bytes.hpp"

#include <memory>

struct sqlite3;
struct sqlite3_stmt;

namespace lumoz::store {

/// Rules: `E_STORE_FULL`, `E_STORE_READONLY`, `E_STORE_CORRUPT`, `E_STORE_LOCKED`, `E_STORE_IO`.
[[nodiscard]] Error sqlite_error(sqlite3* db, int code, std::string_view where);

/// One prepared statement. Parameters count from 1, columns from 0. Not thread-safe.
class Statement {
public:
    Statement& bind(int index, std::int64_t value);
    Statement& bind(int index, std::string_view text);
    Statement& bind(int index, ByteView blob);
    Statement& bind_null(int index);
    /// True when there is a row to read. An error resets the statement.
    Result<bool> step(std::string_view where);
    /// For statements without rows: step and reset.
    Status run(std::string_view where);
    void reset();

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string text(int column) const;
    /// Valid until the next step or reset.
    [[nodiscard]] ByteView blob(int column) const;

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// Resets a statement when a scope ends, so that no read transaction stays open.
class ResetGuard {
public:
    explicit ResetGuard(Statement& statement) : statement_(statement) {}
    ~ResetGuard() { statement_.reset(); }
    ResetGuard(const ResetGuard&) = delete;
    ResetGuard& operator=(const ResetGuard&) = delete;

private:
    Statement& statement_;
};

/// One connection. Not thread-safe.
class Database {
public:
    /// `create`: make the file when it is absent. Sets what every connection needs: busy timeout, defensive
    /// mode, no trust in the file's schema.
    static Result<Database> open(const std::string& path, bool create);

    Status run(const char* sql, std::string_view where);
    Result<Statement> prepare(const char* sql);
    /// The first column of the first row.
    Result<std::int64_t> integer(const char* sql, std::string_view where);
    [[nodiscard]] bool in_transaction() const;
    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* db) const;
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite.hpp"

#include <sqlite3.h>

#include <cerrno>

namespace lumoz::store {
namespace {

struct Kind {
    Errc code;
    std::string_view rule;
};

Kind kind_of(int primary, int system_errno) {
    // A full or read-only disk shows in many extended codes of SQLITE_IOERR; the system's errno tells.
    if (system_errno == ENOSPC || system_errno == EDQUOT) return {Errc::Unavailable, "E_STORE_FULL"};
    if (system_errno == EROFS) return {Errc::Unavailable, "E_STORE_READONLY"};
    switch (primary) {
        case SQLITE_FULL:
            return {Errc::Unavailable, "E_STORE_FULL"};
        case SQLITE_READONLY:
            return {Errc::Unavailable, "E_STORE_READONLY"};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {Errc::Malformed, "E_STORE_CORRUPT"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {Errc::Unavailable, "E_STORE_LOCKED"};
        default:
            return {Errc::Io, "E_STORE_IO"};
    }
}

}  // namespace

Error sqlite_error(sqlite3* db, int code, std::string_view where) {
    const int primary = code & 0xff;
    const bool system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL;
    const int system_errno = system && db != nullptr ? sqlite3_system_errno(db) : 0;
    const Kind kind = kind_of(primary, system_errno);
    std::string detail = std::string(sqlite3_errstr(code)) + ", code " + std::to_string(code);
    if (system_errno != 0) detail += ", errno " + std::to_string(system_errno);
    return {kind.code, kind.rule, where, std::move(detail)};
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

// Bound memory is not copied: it must live until reset(), which every caller here guarantees by scope.
Statement& Statement::bind(int index, std::int64_t value) {
    sqlite3_bind_int64(handle_.get(), index, value);
    return *this;
}
Statement& Statement::bind(int index, std::string_view text) {
    sqlite3_bind_text64(handle_.get(), index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
}
Statement& Statement::bind(int index, ByteView blob) {
    sqlite3_bind_blob64(handle_.get(), index, blob.data(), blob.size(), SQLITE_STATIC);
    return *this;
}
Statement& Statement::bind_null(int index) {
    sqlite3_bind_null(handle_.get(), index);
    return *this;
}

Result<bool> Statement::step(std::string_view where) {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    sqlite3* db = sqlite3_db_handle(handle_.get());
    Error error = sqlite_error(db, sqlite3_extended_errcode(db), where);
    reset();
    return std::unexpected(std::move(error));
}

Status Statement::run(std::string_view where) {
    LUMOZ_TRY([[maybe_unused]] const bool row, step(where));
    reset();
    return {};
}

void Statement::reset() {
    sqlite3_reset(handle_.get());
    sqlite3_clear_bindings(handle_.get());
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}
std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(handle_.get(), column);
}
std::string Statement::text(int column) const {
    return std::string(as_text(blob(column)));
}
ByteView Statement::blob(int column) const {
    const void* data = sqlite3_column_blob(handle_.get(), column);
    const int size = sqlite3_column_bytes(handle_.get(), column);
    if (data == nullptr || size <= 0) return {};
    return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

void Database::Close::operator()(sqlite3* db) const {
    sqlite3_close_v2(db);
}

Result<Database> Database::open(const std::string& path, bool create) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                      (create ? SQLITE_OPEN_CREATE : 0);
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    Database db;
    db.handle_.reset(raw);
    if (code != SQLITE_OK) return std::unexpected(sqlite_error(raw, code, "store.sqlite.open"));
    sqlite3_extended_result_codes(raw, 1);
    sqlite3_busy_timeout(raw, 2000);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    LUMOZ_CHECK_OK(db.run("PRAGMA cell_size_check=ON", "store.sqlite.open"));
    return db;
}

Status Database::run(const char* sql, std::string_view where) {
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        return std::unexpected(sqlite_error(handle_.get(), sqlite3_extended_errcode(handle_.get()), where));
    }
    return {};
}

Result<Statement> Database::prepare(const char* sql) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    Statement statement;
    statement.handle_.reset(raw);
    if (code != SQLITE_OK) {
        return std::unexpected(sqlite_error(handle_.get(), code, "store.sqlite.prepare"));
    }
    return statement;
}

Result<std::int64_t> Database::integer(const char* sql, std::string_view where) {
    LUMOZ_TRY(Statement statement, prepare(sql));
    LUMOZ_TRY(const bool row, statement.step(where));
    return row ? statement.integer(0) : 0;
}

bool Database::in_transaction() const {
    return sqlite3_get_autocommit(handle_.get()) == 0;
}

}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
#include "store/pg_connection.hpp"

#include "base/secret.hpp"
#include "store/columns.hpp"

#include <fstream>
#include <libpq-fe.h>
#include <poll.h>

namespace lumoz::store {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMaxPasswordBytes = 1024;
/// Pieces that a server may send between two exchanges: changed settings, notices.
constexpr int kMostUnasked = 16;

struct Kind {
    Errc code;
    std::string_view rule;
};

/// By SQLSTATE (PostgreSQL 15, appendix A).
Kind kind_of(std::string_view state) {
    if (state == "53100") return {Errc::Unavailable, "E_STORE_FULL"};
    if (state == "25006") return {Errc::Unavailable, "E_STORE_READONLY"};
    if (state == "XX001" || state == "XX002") return {Errc::Malformed, "E_STORE_CORRUPT"};
    return {Errc::Io, "E_STORE_IO"};
}

bool is_state(std::string_view text) {
    return text.size() == 5 &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

/// The first line of the file; wiped by the caller.
Result<std::string> read_password(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(kMaxPasswordBytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || file.gcount() <= 0)
        return fail(Errc::Io, "E_STORE_IO", "store.pg_connection.password", "cannot read the password file");
    text.resize(static_cast<std::size_t>(file.gcount()));
    text.resize(std::min(text.find_first_of("\r\n"), text.size()));
    if (text.size() > kMaxPasswordBytes)
        return fail(Errc::Limit, "E_STORE_IO", "store.pg_connection.password", "the password is too long");
    return text;
}

/// What a server says unasked goes nowhere: it is not trusted with our log.
void ignore_notice(void*, const PGresult*) {}

}  // namespace

void PgRows::Clear::operator()(pg_result* result) const {
    PQclear(result);
}
void PgConnection::Finish::operator()(pg_conn* connection) const {
    PQfinish(connection);
}

bool PgRows::is_null(std::size_t row, int column) const {
    return PQgetisnull(rows_[row].get(), 0, column) != 0;
}
Result<std::int64_t> PgRows::integer(std::size_t row, int column) const {
    const pg_result* result = rows_[row].get();
    if (PQgetisnull(result, 0, column) != 0 || PQgetlength(result, 0, column) != 8)
        return bad_row("an integer");
    const char* bytes = PQgetvalue(result, 0, column);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i)
        value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
    return static_cast<std::int64_t>(value);
}
Result<ByteView> PgRows::bytes(std::size_t row, int column, std::size_t most) const {
    const pg_result* result = rows_[row].get();
    const int size = PQgetlength(result, 0, column);
    const char* data = PQgetvalue(result, 0, column);
    if (data == nullptr || size < 0 || static_cast<std::size_t>(size) > most) return bad_row("a length");
    return as_bytes(std::string_view(data, static_cast<std::size_t>(size)));
}
Result<std::string> PgRows::text(std::size_t row, int column, std::size_t most) const {
    LUMOZ_TRY(const ByteView view, bytes(row, column, most));
    return std::string(as_text(view));
}

std::unexpected<Error> PgConnection::lost(std::string_view where, std::string_view what) {
    broken_ = true;
    state_.clear();
    return fail(Errc::Io, "E_STORE_IO", where, std::string(what));
}

std::unexpected<Error> PgConnection::refused(pg_result* result, std::string_view where) {
    const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    state_ = field != nullptr && is_state(field) ? field : "";
    if (PQstatus(handle_.get()) != CONNECTION_OK) broken_ = true;
    const Kind kind = kind_of(state_);
    return fail(kind.code, kind.rule, where, state_.empty() ? "no answer" : "SQLSTATE " + state_);
}

Status PgConnection::wait(bool write, Deadline deadline, std::string_view where) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left.count() <= 0) return lost(where, "no answer in time");
    pollfd slot{PQsocket(handle_.get()), static_cast<short>(POLLIN | (write ? POLLOUT : 0)), 0};
    const int ready = ::poll(&slot, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return lost(where, "poll");
    return {};
}

Status PgConnection::connect(Deadline deadline) {
    constexpr std::string_view kWhere = "store.pg_connection.open";
    // libpq wants the write side first.
    PostgresPollingStatusType want = PGRES_POLLING_WRITING;
    while (want != PGRES_POLLING_OK) {
        if (want == PGRES_POLLING_FAILED) return lost(kWhere, "cannot connect to the database");
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
        if (left.count() <= 0) return lost(kWhere, "no connection in time");
        const short events = want == PGRES_POLLING_WRITING ? POLLOUT : POLLIN;
        pollfd slot{PQsocket(handle_.get()), events, 0};
        if (::poll(&slot, 1, static_cast<int>(left.count())) > 0) want = PQconnectPoll(handle_.get());
    }
    if (PQsetnonblocking(handle_.get(), 1) != 0) return lost(kWhere, "not non-blocking");
    return {};
}

Result<PgConnection> PgConnection::open(const PgTarget& target, Limit limit) {
    std::vector<const char*> keys;
    std::vector<const char*> values;
    for (const auto& [key, value] : target.values) {
        keys.push_back(key.c_str());
        values.push_back(value.c_str());
    }
    std::string password;
    if (!target.password_file.empty()) {
        LUMOZ_TRY(password, read_password(target.password_file));
        keys.push_back("password");
        values.push_back(password.c_str());
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    PgConnection connection;
    connection.limit_ = limit;
    connection.handle_.reset(PQconnectStartParams(keys.data(), values.data(), 0));
    wipe({reinterpret_cast<std::uint8_t*>(password.data()), password.size()});
    pg_conn* handle = connection.handle_.get();
    if (handle == nullptr || PQstatus(handle) == CONNECTION_BAD)
        return connection.lost("store.pg_connection.open", "cannot connect to the database");
    PQsetNoticeReceiver(handle, ignore_notice, nullptr);
    LUMOZ_CHECK_OK(connection.connect(SteadyClock::now() + limit));
    return connection;
}

bool PgConnection::alive() {
    // Behind a server's last words is the end of the stream: both are read. Who talks on unasked has lost his
    // mind.
    for (int look = 0; !broken_; ++look) {
        pollfd slot{PQsocket(handle_.get()), POLLIN, 0};
        if (::poll(&slot, 1, 0) == 0) break;
        if (look == kMostUnasked || PQconsumeInput(handle_.get()) == 0) broken_ = true;
        // Takes what came out of the buffer.
        if (!broken_ && PQisBusy(handle_.get()) != 0) broken_ = true;
        if (PQstatus(handle_.get()) != CONNECTION_OK) broken_ = true;
    }
    return !broken_;
}

Status PgConnection::flush(Deadline deadline, std::string_view where) {
    while (true) {
        const int left = PQflush(handle_.get());
        if (left == 0) return {};
        if (left < 0) return lost(where, "cannot send");
        LUMOZ_CHECK_OK(wait(true, deadline, where));
        // The server may be unable to read on before it was read from.
        if (PQconsumeInput(handle_.get()) == 0) return lost(where, "connection lost");
    }
}

Result<PgRows> PgConnection::answer(std::string_view where, std::size_t most) {
    const Deadline deadline = SteadyClock::now() + limit_;
    LUMOZ_CHECK_OK(flush(deadline, where));
    PgRows rows;
    std::optional<Error> error;
    state_.clear();
    while (true) {
        while (PQisBusy(handle_.get()) != 0) {
            LUMOZ_CHECK_OK(wait(false, deadline, where));
            if (PQconsumeInput(handle_.get()) == 0) return lost(where, "connection lost");
        }
        std::unique_ptr<pg_result, PgRows::Clear> result(PQgetResult(handle_.get()));
        if (!result) break;
        const ExecStatusType kind = PQresultStatus(result.get());
        if (kind == PGRES_SINGLE_TUPLE) {
            if (rows.size() >= most) {
                broken_ = true;
                return bad_row("too many rows");
            }
            rows.rows_.push_back(std::move(result));
        } else if (kind == PGRES_FATAL_ERROR || kind == PGRES_BAD_RESPONSE) {
            if (!error) error = refused(result.get(), where).error();
        } else if (kind != PGRES_TUPLES_OK && kind != PGRES_COMMAND_OK) {
            return lost(where, "an answer of a kind that was not asked for");
        }
        // A server that never ends its answer.
        if (SteadyClock::now() > deadline) return lost(where, "no answer in time");
    }
    if (error) return std::unexpected(std::move(*error));
    if (PQstatus(handle_.get()) != CONNECTION_OK) return lost(where, "connection lost");
    return rows;
}

Status PgConnection::run(const std::string& sql, std::string_view where) {
    if (PQsendQuery(handle_.get(), sql.c_str()) == 0) return lost(where, "cannot send");
    LUMOZ_TRY([[maybe_unused]] const PgRows rows, answer(where, 0));
    return {};
}

Status PgConnection::prepare(const char* name, const std::string& sql) {
    constexpr std::string_view kWhere = "store.pg_connection.prepare";
    if (PQsendPrepare(handle_.get(), name, sql.c_str(), 0, nullptr) == 0) return lost(kWhere, "cannot send");
    LUMOZ_TRY([[maybe_unused]] const PgRows rows, answer(kWhere, 0));
    return {};
}

Result<PgRows> PgConnection::ask(const std::string& sql, std::string_view where) {
    if (PQsendQueryParams(handle_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1) == 0)
        return lost(where, "cannot send");
    PQsetSingleRowMode(handle_.get());
    return answer(where, 1);
}

Result<PgRows> PgConnection::query(const char* name, const PgParams& params, std::string_view where,
                                   std::size_t most) {
    const PgParams::Raw raw = params.raw();
    if (PQsendQueryPrepared(handle_.get(), name, static_cast<int>(raw.values.size()), raw.values.data(),
                            raw.lengths.data(), raw.formats.data(), 1) == 0) {
        return lost(where, "cannot send");
    }
    PQsetSingleRowMode(handle_.get());
    return answer(where, most);
}

}  // namespace lumoz::store

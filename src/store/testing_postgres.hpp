// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server of the tests' own: Debian's binaries, a fresh cluster in a scratch folder, a Unix
// socket, no TCP, fsync on. Runs as an unprivileged user, since it refuses root.
#pragma once

#include "base/testing.hpp"
#include "store/postgres_store.hpp"

#include <sys/types.h>

namespace lumoz::store::testing {

/// Whether the server's programs are installed. Under scripts/test they must be: the test fails without them.
[[nodiscard]] bool postgres_installed();

class PostgresServer {
public:
    /// Ends the process when the server does not start. `more`: further lines of its configuration.
    explicit PostgresServer(const std::string& more = {});
    ~PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    void start();
    /// SIGKILL to the postmaster; its children notice and end.
    void kill();
    /// A fast shutdown.
    void stop();
    /// A URL of an empty database that nobody used yet.
    std::string fresh_database();
    [[nodiscard]] std::string url(const std::string& database, const std::string& user = "lumoz") const;
    /// From now on nobody connects without this password; `run` and `integer` are of no more use.
    void demand_password(const std::string& password) const;
    /// Statements without an answer, as the superuser. True when they worked.
    bool run(const std::string& database, const std::string& sql) const;
    /// The first column of the first row of an int8 statement; -1 without one.
    [[nodiscard]] std::int64_t integer(const std::string& database, const std::string& sql) const;

private:
    void end(int signal);
    lumoz::testing::ScratchFolder folder_;
    std::string data_;
    pid_t pid_ = -1;
    int databases_ = 0;
};

/// Of a database; upkeep often, so that tests need not wait.
PostgresOptions postgres_options(const std::string& url);

}  // namespace lumoz::store::testing

// SPDX-License-Identifier: Apache-2.0
#include "store/testing_postgres.hpp"

#include "store/pg_connection.hpp"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace lumoz::store::testing {
namespace {

const std::filesystem::path kPrograms = "/usr/lib/postgresql/15/bin";

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "test database: %s\n", why.c_str());
    std::abort();
}

/// The user of Debian's package, when this is root.
const passwd* other_user() {
    return ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
}

/// Starts a program as that user, output to `log`; it dies with this process.
pid_t spawn(std::vector<std::string> words, const std::filesystem::path& log) {
    const passwd* user = other_user();
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (user != nullptr &&
        (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) {
        ::_exit(126);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    if (::chdir("/") == 0) ::execv(arguments[0], arguments.data());
    ::_exit(127);
}

Result<PgConnection> connect(const std::string& url) {
    LUMOZ_TRY(const PgTarget target, read_pg_target(url, {}, false));
    return PgConnection::open(target, std::chrono::seconds(5));
}

}  // namespace

bool postgres_installed() {
    if (std::filesystem::exists(kPrograms / "postgres")) return true;
    if (std::getenv("LUMOZ_RESULTS") != nullptr) give_up(kPrograms.string() + " is not installed");
    return false;
}

PostgresServer::PostgresServer(const std::string& more) : data_((folder_.path() / "data").string()) {
    if (const passwd* user = other_user()) {
        if (::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0) give_up("chown");
    }
    const pid_t made = spawn({kPrograms / "initdb", "-D", data_, "-U", "lumoz", "-A", "trust", "-E", "UTF8",
                              "--locale=C", "--no-sync"},
                             folder_.path() / "initdb.log");
    int status = 0;
    if (::waitpid(made, &status, 0) != made || status != 0)
        give_up(lumoz::testing::read_file(folder_.path() / "initdb.log"));
    std::ofstream(data_ + "/postgresql.conf", std::ios::app)
        << "listen_addresses = ''\nunix_socket_directories = '" << folder_.path().string()
        << "'\nfsync = on\nshared_buffers = 32MB\nmax_connections = 60\nautovacuum = off\n"
        << more << "\n";
    start();
}

PostgresServer::~PostgresServer() {
    end(SIGQUIT);
}

void PostgresServer::end(int signal) {
    if (pid_ < 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}
void PostgresServer::kill() {
    end(SIGKILL);
}
void PostgresServer::stop() {
    end(SIGINT);
}

void PostgresServer::start() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
        if (pid_ < 0) pid_ = spawn({kPrograms / "postgres", "-D", data_}, folder_.path() / "server.log");
        if (connect(url("postgres"))) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        // After a kill the memory of the last one may still be held for a moment: it ends, and is tried
        // again.
        if (::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    }
    give_up(lumoz::testing::read_file(folder_.path() / "server.log"));
}

std::string PostgresServer::fresh_database() {
    const std::string name = "t" + std::to_string(++databases_);
    if (!run("postgres", "CREATE DATABASE " + name)) give_up("cannot make a database");
    return url(name);
}

std::string PostgresServer::url(const std::string& database, const std::string& user) const {
    return "postgres://" + user + "@/" + database + "?host=" + folder_.path().string();
}

void PostgresServer::demand_password(const std::string& password) const {
    if (!run("postgres", "ALTER ROLE lumoz PASSWORD '" + password + "'")) give_up("cannot set a password");
    std::ofstream(data_ + "/pg_hba.conf") << "local all all scram-sha-256\n";
    ::kill(pid_, SIGHUP);
    while (run("postgres", "SELECT 1"))
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

bool PostgresServer::run(const std::string& database, const std::string& sql) const {
    auto connection = connect(url(database));
    return connection && connection->run(sql, "t");
}

std::int64_t PostgresServer::integer(const std::string& database, const std::string& sql) const {
    auto connection = connect(url(database));
    if (!connection) return -1;
    const auto rows = connection->ask(sql, "t");
    if (!rows || rows->size() != 1) return -1;
    return rows->integer(0, 0).value_or(-1);
}

PostgresOptions postgres_options(const std::string& url) {
    PostgresOptions options;
    auto target = read_pg_target(url, {}, false);
    if (!target) give_up(target.error().detail);
    options.target = std::move(*target);
    options.upkeep_interval = std::chrono::milliseconds(50);
    return options;
}

}  // namespace lumoz::store::testing

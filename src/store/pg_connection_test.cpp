// SPDX-License-Identifier: Apache-2.0
// Every exchange ends in time and with an error, whatever sits on the other side.
#include "store/pg_connection.hpp"

#include "store/testing.hpp"
#include "store/testing_postgres.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace lumoz::store {
namespace {

using Limit = std::chrono::milliseconds;

/// Something that listens where a database should be and says `answer` to whoever connects.
class Impostor {
public:
    explicit Impostor(std::string answer) : answer_(std::move(answer)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = (folder_.path() / ".s.PGSQL.5432").string();
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(fd_, 4), 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~Impostor() {
        ::shutdown(fd_, SHUT_RDWR);
        thread_.join();
        ::close(fd_);
    }
    Impostor(const Impostor&) = delete;
    Impostor& operator=(const Impostor&) = delete;
    [[nodiscard]] Result<PgConnection> connect(Limit limit) const {
        const auto target = read_pg_target("postgres://u@/r?host=" + folder_.path().string(), {}, false);
        return PgConnection::open(*target, limit);
    }

private:
    void serve() {
        while (true) {
            const int peer = ::accept(fd_, nullptr, nullptr);
            if (peer < 0) return;
            [[maybe_unused]] const ssize_t sent = ::send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL);
            std::array<char, 256> buffer{};
            while (::recv(peer, buffer.data(), buffer.size(), 0) > 0) {
            }
            ::close(peer);
        }
    }
    testing::ScratchFolder folder_;
    std::string answer_;
    int fd_ = -1;
    std::thread thread_;
};

TEST(PgConnection, AServerThatIsNoneGivesAnErrorInTime) {
    const std::vector<std::string> answers{
        "",                                          // silence
        "HTTP/1.1 400 Bad Request\r\n\r\n",          // another protocol
        std::string("R\x7f\xff\xff\xff", 5),         // a message of two gigabytes
        std::string("R\0\0\0\x08\0\0\0\0Z\0\0", 12)  // half a greeting
    };
    for (const std::string& answer : answers) {
        const Impostor impostor(answer);
        const auto connection = impostor.connect(Limit(200));
        ASSERT_FALSE(connection);
        EXPECT_EQ(connection.error().rule, "E_STORE_IO");
        EXPECT_EQ(connection.error().where, "store.pg_connection.open");
    }
}

class ConnectionFixture : public ::testing::Test {
protected:
    void SetUp() override {
        if (!testing::postgres_installed()) GTEST_SKIP() << "PostgreSQL 15 is not installed";
        server_ = std::make_unique<testing::PostgresServer>();
    }
    [[nodiscard]] PgConnection open(Limit limit = Limit(20000)) const {
        const auto target = read_pg_target(server_->url("postgres"), {}, false);
        return std::move(*PgConnection::open(*target, limit));
    }
    std::unique_ptr<testing::PostgresServer> server_;
};
using Connection = ConnectionFixture;

TEST_F(Connection, MoreRowsThanAskedForAreCorruptAndEndTheConnection) {
    PgConnection connection = open();
    ASSERT_TRUE(connection.prepare("many", "SELECT generate_series(1,1000000)::int8"));
    const auto rows = connection.query("many", PgParams(), "t", 3);
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().rule, "E_STORE_CORRUPT");
    EXPECT_FALSE(connection.alive());
}

TEST_F(Connection, AnExchangeEndsAtItsLimit) {
    PgConnection connection = open();
    connection.set_limit(Limit(50));
    const Status slept = connection.run("SELECT pg_sleep(600)", "t");
    ASSERT_FALSE(slept);
    EXPECT_EQ(slept.error().rule, "E_STORE_IO");
    EXPECT_EQ(slept.error().detail, "no answer in time");
    EXPECT_FALSE(connection.alive());
}

TEST_F(Connection, ErrorsSayTheStateAndNothingElse) {
    PgConnection connection = open();
    const auto state = [&](const std::string& sql) {
        const Status status = connection.run(sql, "t");
        return status ? "none" : std::string(status.error().rule) + " " + status.error().detail;
    };
    EXPECT_EQ(state("DO $$BEGIN RAISE 'geheim' USING ERRCODE='53100'; END$$"), "E_STORE_FULL SQLSTATE 53100");
    EXPECT_EQ(state("DO $$BEGIN RAISE 'geheim' USING ERRCODE='25006'; END$$"),
              "E_STORE_READONLY SQLSTATE 25006");
    EXPECT_EQ(state("DO $$BEGIN RAISE 'geheim' USING ERRCODE='XX001'; END$$"),
              "E_STORE_CORRUPT SQLSTATE XX001");
    EXPECT_EQ(state("SELECT 'geheim'::int8"), "E_STORE_IO SQLSTATE 22P02");
    EXPECT_EQ(state("COPY pg_class TO STDOUT"), "E_STORE_IO an answer of a kind that was not asked for");
    EXPECT_FALSE(connection.alive());
}

TEST_F(Connection, ArraysAndNullsArriveAsTheyWereGiven) {
    PgConnection connection = open();
    ASSERT_TRUE(connection.prepare("echo",
                                   "SELECT a,b,octet_length(b)::int8 FROM unnest($1::int8[],$2::bytea[])"
                                   " AS t(a,b)"));
    PgArray numbers(PgArray::Of::Int8), texts(PgArray::Of::Bytea);
    for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 62})
        numbers.add(number);
    texts.add(std::string_view("a\0b", 3));
    texts.add_null();
    texts.add(std::string_view());
    const auto rows =
        connection.query("echo", PgParams().add(std::move(numbers)).add(std::move(texts)), "t", 3);
    ASSERT_TRUE(rows) << rows.error().detail;
    ASSERT_EQ(rows->size(), 3U);
    EXPECT_EQ(*rows->integer(0, 0), 0);
    EXPECT_EQ(*rows->integer(1, 0), -1);
    EXPECT_EQ(*rows->integer(2, 0), std::int64_t{1} << 62);
    EXPECT_EQ(*rows->text(0, 1, 3), std::string("a\0b", 3));
    EXPECT_TRUE(rows->is_null(1, 1));
    EXPECT_FALSE(rows->is_null(2, 1));
    EXPECT_EQ(*rows->integer(2, 2), 0);
    EXPECT_FALSE(rows->text(0, 1, 2)) << "longer than the bound";
    EXPECT_FALSE(rows->integer(0, 1)) << "three bytes are no integer";
    EXPECT_FALSE(rows->integer(0, 9)) << "no such column";
}

}  // namespace
}  // namespace lumoz::store

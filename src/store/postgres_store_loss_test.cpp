// SPDX-License-Identifier: Apache-2.0
// The database is lost in mid-traffic: kill -9 of its server, a shutdown, a table that somebody locks. Every
// record whose `done` said OK is there afterwards, and the stores go on by themselves.
#include "store/pg_connection.hpp"
#include "store/testing.hpp"
#include "store/testing_postgres.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace lumoz::store {
namespace {

using testing::answer;
using testing::append;
using testing::PostgresServer;
using testing::record;

template <class Check>
bool soon(Check check) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline) {
        if (check()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

class LossFixture : public ::testing::Test {
protected:
    void SetUp() override {
        if (!testing::postgres_installed()) GTEST_SKIP() << "PostgreSQL 15 is not installed";
        server_ = std::make_unique<PostgresServer>();
        url_ = server_->fresh_database();
    }
    std::unique_ptr<ReceiptStore> open(const PostgresOptions& options) {
        return testing::with_keyset(open_postgres_store(options, clock_));
    }
    testing::MovableClock clock_;
    std::unique_ptr<PostgresServer> server_;
    std::string url_;
};
using PostgresLoss = LossFixture;

/// Appends from a thread of its own, a few in flight, until told to stop.
class Producer {
public:
    Producer(ReceiptStore& store, std::string name) : store_(store), name_(std::move(name)) {
        thread_ = std::thread([this] { run(); });
    }
    ~Producer() {
        stopping_ = true;
        thread_.join();
    }
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;
    [[nodiscard]] std::vector<std::string> stored() {
        const std::lock_guard lock(mutex_);
        return stored_;
    }
    std::atomic<int> failed{0};
    std::atomic<int> wrong{0};  ///< errors of another kind than a lost database

private:
    void run() {
        std::atomic<int> flying{0};
        for (int i = 0; !stopping_ || flying > 0; ++i) {
            while (flying > 32 || (stopping_ && flying > 0))
                std::this_thread::sleep_for(std::chrono::microseconds(200));
            if (stopping_) break;
            if (!store_.healthy()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            const std::string id = name_ + "-" + std::to_string(i);
            ++flying;
            store_.append(answer(name_, id, "m", Usage{1, 2}), [this, id, &flying](const Status& status) {
                if (status) {
                    const std::lock_guard lock(mutex_);
                    stored_.push_back(id);
                } else {
                    ++failed;
                    if (status.error().rule != "E_STORE_IO") ++wrong;
                }
                --flying;
            });
        }
    }
    ReceiptStore& store_;
    const std::string name_;
    std::mutex mutex_;
    std::vector<std::string> stored_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

TEST_F(PostgresLoss, EveryAcknowledgedRecordSurvivesTheKillOfTheServer) {
    auto one = open(testing::postgres_options(url_));
    auto two = open(testing::postgres_options(url_));
    std::vector<std::unique_ptr<Producer>> producers;
    producers.push_back(std::make_unique<Producer>(*one, "alice"));
    producers.push_back(std::make_unique<Producer>(*two, "bob"));
    std::mt19937 random(std::random_device{}());
    constexpr int kRounds = 4;
    for (int round = 0; round < kRounds; ++round) {
        const std::size_t before = producers[0]->stored().size() + producers[1]->stored().size();
        ASSERT_TRUE(soon(
            [&] { return producers[0]->stored().size() + producers[1]->stored().size() > before + 50; }));
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 100));
        if (round == kRounds - 1) {
            server_->stop();
        } else {
            server_->kill();
        }
        ASSERT_TRUE(soon([&] { return !one->healthy() && !two->healthy(); })) << "nothing new may be begun";
        EXPECT_EQ(one->healthy().error().rule, "E_STORE_IO");
        const auto away = one->find("alice", "alice-0");
        ASSERT_FALSE(away);
        EXPECT_EQ(away.error().rule, "E_STORE_IO");
        server_->start();
        ASSERT_TRUE(soon([&] { return one->healthy() && two->healthy(); })) << "it connects again by itself";
    }
    std::size_t checked = 0;
    std::vector<std::vector<std::string>> stored;
    for (auto& producer : producers) {
        EXPECT_GT(producer->failed, 0);
        EXPECT_EQ(producer->wrong, 0);
    }
    const int failed = producers[0]->failed + producers[1]->failed;
    for (auto& producer : producers) {
        auto ids = producer->stored();
        const std::string name = ids.at(0).substr(0, ids[0].find('-'));
        const std::size_t at_least = ids.size();
        stored.push_back(std::move(ids));
        producer.reset();
        // Usage counts what was stored: every acknowledged record, and those whose outcome nobody knew.
        const auto used = one->usage(name);
        ASSERT_TRUE(used && used->size() == 1U);
        EXPECT_GE((*used)[0].requests, at_least);
        EXPECT_EQ((*used)[0].usage.output_tokens, 2 * (*used)[0].requests);
    }
    for (const auto& ids : stored) {
        for (const std::string& id : ids) {
            // Each by the replica that did not store it.
            ReceiptStore& other = id.starts_with("alice") ? *two : *one;
            const auto found = other.find(id.substr(0, id.find('-')), id);
            ASSERT_TRUE(found && *found) << id;
            ASSERT_EQ((*found)->record.receipt_json, record("x", id, std::nullopt).receipt_json);
            ++checked;
        }
    }
    std::printf("%zu acknowledged records, %d failed ones, %d losses\n", checked, failed, kRounds);
}

TEST_F(PostgresLoss, ATableThatIsLockedGivesErrorsInTimeAndIsForgiven) {
    PostgresOptions options = testing::postgres_options(url_);
    options.write_limit = std::chrono::milliseconds(300);
    options.read_limit = std::chrono::milliseconds(200);
    auto store = open(options);
    ASSERT_TRUE(append(*store, record("alice", "rcpt-1", std::nullopt)));
    const auto target = read_pg_target(url_, {}, false);
    auto locker = PgConnection::open(*target, std::chrono::seconds(5));
    ASSERT_TRUE(locker);
    ASSERT_TRUE(locker->run("BEGIN;LOCK TABLE lumoz.receipt IN ACCESS EXCLUSIVE MODE", "t"));
    const Status late = append(*store, record("alice", "rcpt-2", std::nullopt));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().rule, "E_STORE_IO");
    const auto unread = store->find("alice", "rcpt-1");
    ASSERT_FALSE(unread);
    EXPECT_EQ(unread.error().rule, "E_STORE_IO");
    ASSERT_TRUE(locker->run("ROLLBACK", "t"));
    ASSERT_TRUE(soon([&] { return store->healthy().has_value(); }));
    ASSERT_TRUE(soon([&] { return append(*store, record("alice", "rcpt-3", std::nullopt)).has_value(); }));
    EXPECT_TRUE(soon([&] {
        const auto found = store->find("alice", "rcpt-1");
        return found && *found;
    }));
}

TEST_F(PostgresLoss, AConnectionThatIsCutBetweenRequestsIsReplacedBeforeTheNextRecord) {
    PostgresOptions options = testing::postgres_options(url_);
    options.upkeep_interval = std::chrono::hours(1);
    auto store = open(options);
    for (int round = 0; round < 3; ++round) {
        ASSERT_TRUE(append(*store, record("alice", "rcpt-" + std::to_string(round), std::nullopt)));
        ASSERT_TRUE(*store->find("alice", "rcpt-0"));
        ASSERT_TRUE(server_->run("postgres",
                                 "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                                 " WHERE application_name='lumozd' AND pid<>pg_backend_pid()"));
    }
    EXPECT_TRUE(store->healthy());
    EXPECT_EQ(store->counters().failed, 0U);
}

}  // namespace
}  // namespace lumoz::store

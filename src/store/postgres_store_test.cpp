// SPDX-License-Identifier: Apache-2.0
// What replicas that share a database owe each other, and what the loss of the database means.
#include "store/pg_connection.hpp"
#include "store/pg_schema.hpp"
#include "store/testing.hpp"
#include "store/testing_postgres.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <random>
#include <set>
#include <thread>

namespace lumoz::store {
namespace {

using testing::answer;
using testing::append;
using testing::found_id;
using testing::kDigest;
using testing::keyset;
using testing::PostgresServer;
using testing::record;
using testing::told;

const std::string kSecond = "sha256:" + std::string(64, 'b');

class PostgresFixture : public ::testing::Test {
protected:
    void SetUp() override {
        if (!testing::postgres_installed()) GTEST_SKIP() << "PostgreSQL 15 is not installed";
        url_ = server().fresh_database();
        database_ = url_.substr(url_.find("@/") + 2);
        database_.resize(database_.find('?'));
    }
    static PostgresServer& server() {
        static PostgresServer one;
        return one;
    }
    [[nodiscard]] PostgresOptions options() const { return testing::postgres_options(url_); }
    std::unique_ptr<ReceiptStore> open(const PostgresOptions& options, const std::string& digest = kDigest) {
        return testing::with_keyset(open_postgres_store(options, clock_),
                                    keyset(digest, "evidence of " + digest));
    }
    [[nodiscard]] std::int64_t integer(const std::string& sql) const {
        return server().integer(database_, sql);
    }
    bool run(const std::string& sql) const { return server().run(database_, sql); }

    std::string url_, database_;
    testing::MovableClock clock_;
};
using Postgres = PostgresFixture;

TEST_F(Postgres, AReplicaFindsWhatTheOtherStored) {
    auto one = open(options());
    auto two = open(options(), kSecond);
    ASSERT_TRUE(append(*one, record("alice", "rcpt-1", "same")));
    Record later = record("alice", "rcpt-2", "same");
    later.keyset_digest = kSecond;
    ASSERT_TRUE(append(*two, later));
    for (ReceiptStore* store : {one.get(), two.get()}) {
        EXPECT_EQ(found_id(*store, "alice", "rcpt-1"), "rcpt-1");
        EXPECT_EQ(found_id(*store, "alice", "same"), "rcpt-2") << "the newest of equals, whoever stored it";
        EXPECT_EQ(found_id(*store, std::nullopt, "same"), "rcpt-2");
        EXPECT_EQ(found_id(*store, "bob", "rcpt-1"), "none");
        const auto found = store->find("alice", "rcpt-2");
        ASSERT_TRUE(found && *found);
        EXPECT_EQ((*found)->record.keyset_digest, kSecond);
        EXPECT_EQ((*found)->signers, keyset().signers);
        for (const std::string& digest : {kDigest, kSecond}) {
            const auto evidence = store->keyset(digest);
            ASSERT_TRUE(evidence && *evidence);
            EXPECT_EQ((*evidence)->evidence, "evidence of " + digest);
        }
    }
}

TEST_F(Postgres, ReplicasLoseNoUsageOfEachOther) {
    std::vector<std::unique_ptr<ReceiptStore>> replicas;
    for (int i = 0; i < 4; ++i)
        replicas.push_back(open(options()));
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < replicas.size(); ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 100; ++i) {
                    const std::string id = std::to_string(t) + "-" + std::to_string(i);
                    EXPECT_TRUE(
                        append(*replicas[t], answer("alice", id, i % 2 == 0 ? "a" : "b", Usage{1, 2})));
                }
            });
        }
    }
    EXPECT_EQ(told(replicas[0]->usage("alice")), "a 200 200/400, b 200 200/400");
    EXPECT_EQ(integer("SELECT count(DISTINCT lane) FROM lumoz.usage"), 4) << "none waits for another's row";
    EXPECT_EQ(integer("SELECT sum(records)::int8 FROM lumoz.lane"), 400);
}

TEST_F(Postgres, ALaneIsTakenAgainByTheNextReplica) {
    for (int i = 0; i < 3; ++i) {
        auto store = open(options());
        ASSERT_TRUE(append(*store, answer("alice", std::to_string(i), "m", Usage{1, 1})));
        store.reset();
        // The server frees the lane when it has seen the end of the connection.
        while (integer("SELECT count(*) FROM pg_locks WHERE locktype='advisory'") > 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    EXPECT_EQ(integer("SELECT count(*) FROM lumoz.usage"), 1);
}

TEST_F(Postgres, ForgetsTheOldestAboveItsSize) {
    PostgresOptions small = options();
    small.max_bytes = std::uint64_t{1} << 20;
    auto one = open(small);
    auto two = open(small);
    for (int i = 0; i < 3000; ++i)
        (i % 2 == 0 ? one : two)->append(record("alice", "r-" + std::to_string(i), std::nullopt), [](auto&&) {
        });
    // Behind everything that waits at either.
    ASSERT_TRUE(append(*two, record("alice", "last-2", std::nullopt)));
    ASSERT_TRUE(append(*one, record("alice", "last-1", std::nullopt)));
    one->upkeep_now();
    two->upkeep_now();
    EXPECT_LE(two->counters().bytes_used, small.max_bytes);
    // Not more than that: each replica deletes what is above, and none what another one did already.
    EXPECT_GT(two->counters().bytes_used, small.max_bytes - 2000);
    EXPECT_EQ(integer("SELECT sum(records)::int8 FROM lumoz.lane"),
              integer("SELECT count(*) FROM lumoz.receipt"));
    EXPECT_EQ(integer("SELECT sum(bytes)::int8 FROM lumoz.lane"),
              integer("SELECT sum(octet_length(document)+600)::int8 FROM lumoz.receipt"));
    EXPECT_EQ(found_id(*two, "alice", "r-0"), "none");
    EXPECT_EQ(found_id(*two, "alice", "last-1"), "last-1");
}

TEST_F(Postgres, OnlyOneReplicaForgetsAtATime) {
    auto store = open(options());
    ASSERT_TRUE(append(*store, record("alice", "old", std::nullopt, clock_.time)));
    {
        auto target = read_pg_target(url_, {}, false);
        auto other = PgConnection::open(*target, std::chrono::seconds(5));
        ASSERT_TRUE(other);
        const std::string lock = "SELECT pg_advisory_lock(" + std::to_string(kPgLocks) + "," +
                                 std::to_string(kPgLockRetention) + ")";
        ASSERT_TRUE(other->run(lock, "t"));
        clock_.time += 40 * 24 * 3600;
        store->upkeep_now();
        EXPECT_EQ(found_id(*store, "alice", "old"), "old");
    }
    while (found_id(*store, "alice", "old") == "old")
        store->upkeep_now();
    EXPECT_EQ(store->counters().deleted, 1U);
}

TEST_F(Postgres, KeysetsOfLiveReplicasAndOfKeptReceiptsStay) {
    PostgresOptions quick = options();
    quick.lease = std::chrono::hours(1);
    auto live = open(quick);
    auto gone = open(quick, kSecond);
    Record kept = record("alice", "rcpt-1", std::nullopt, clock_.time);
    kept.keyset_digest = kSecond;
    ASSERT_TRUE(append(*gone, kept));
    gone.reset();
    // Two hours pass for the keys of the replica that is gone.
    ASSERT_TRUE(run("UPDATE lumoz.keyset SET seen_at=seen_at-interval '2 hours'"));
    ASSERT_TRUE(run("UPDATE lumoz.receipt SET stored_at=stored_at-interval '2 hours'"));
    live->upkeep_now();
    ASSERT_TRUE((*live->keyset(kSecond))) << "a receipt names it";
    clock_.time += 40 * 24 * 3600;
    live->upkeep_now();
    EXPECT_EQ(found_id(*live, "alice", "rcpt-1"), "none");
    EXPECT_FALSE((*live->keyset(kSecond)));
    EXPECT_TRUE((*live->keyset(kDigest))) << "these keys are alive";
}

TEST_F(Postgres, EvidenceOfManyRenewalsIsNotHeldForAProcessThatGoesOn) {
    auto store = open(options());
    ASSERT_TRUE(append(*store, record("alice", "rcpt-1", std::nullopt, clock_.time)));
    for (std::size_t n = 0; n < kOwnKeysets; ++n)
        ASSERT_TRUE(store->put_keyset(keyset("sha256:" + std::string(62, 'e') + std::to_string(10 + n))));
    clock_.time += 40 * 24 * 3600;
    store->upkeep_now();
    ASSERT_TRUE(run("UPDATE lumoz.keyset SET seen_at=seen_at-interval '2 hours'"));
    store->upkeep_now();
    EXPECT_EQ(testing::evidence_of(*store, kDigest), "none") << "it was written with, long ago";
    EXPECT_EQ(integer("SELECT count(*) FROM lumoz.keyset"), static_cast<std::int64_t>(kOwnKeysets));
}

TEST_F(Postgres, AReplicaThatSleptPutsItsKeysAgain) {
    auto store = open(options());
    ASSERT_TRUE(append(*store, record("alice", "rcpt-1", std::nullopt)));
    ASSERT_TRUE(run("DELETE FROM lumoz.keyset"));
    ASSERT_TRUE(append(*store, record("alice", "rcpt-2", std::nullopt)));
    EXPECT_EQ(found_id(*store, "alice", "rcpt-2"), "rcpt-2");
    ASSERT_TRUE(run("UPDATE lumoz.keyset SET seen_at=seen_at-interval '2 hours'"));
    ASSERT_TRUE(append(*store, record("alice", "rcpt-3", std::nullopt)));
    EXPECT_EQ(found_id(*store, "alice", "rcpt-3"), "rcpt-3");
    EXPECT_EQ(integer("SELECT count(*) FROM lumoz.keyset WHERE seen_at>now()-interval '10 minutes'"), 1);
}

TEST_F(Postgres, ReplicasThatStartTogetherMakeTheSchemaOnce) {
    std::vector<std::jthread> threads;
    std::atomic<int> well{0};
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] {
            const auto opened = open_postgres_store(options(), clock_);
            EXPECT_TRUE(opened) << opened.error().where << " " << opened.error().detail;
            if (opened) ++well;
        });
    }
    threads.clear();
    EXPECT_EQ(well, 6);
    EXPECT_EQ(integer("SELECT version FROM lumoz.version"),
              static_cast<std::int64_t>(pg_schema_steps().size()));
}

TEST_F(Postgres, AnOlderSchemaIsBroughtForwardWithItsRows) {
    auto store = open(options());
    ASSERT_TRUE(append(*store, answer("alice", "rcpt-1", "m", Usage{5, 7})));
    std::vector<const char*> later(pg_schema_steps().begin(), pg_schema_steps().end());
    later.push_back("ALTER TABLE lumoz.receipt ADD COLUMN more int8 DEFAULT 7");
    auto target = read_pg_target(url_, {}, false);
    auto connection = PgConnection::open(*target, std::chrono::seconds(5));
    ASSERT_TRUE(connection);
    ASSERT_TRUE(prepare_pg_schema(*connection, later));
    EXPECT_EQ(integer("SELECT more FROM lumoz.receipt"), 7);
    EXPECT_EQ(integer("SELECT version FROM lumoz.version"), static_cast<std::int64_t>(later.size()));
    // A step that fails leaves everything as it was.
    later.push_back("CREATE TABLE lumoz.another(x int8); no sql");
    ASSERT_FALSE(prepare_pg_schema(*connection, later));
    EXPECT_EQ(integer("SELECT count(*) FROM pg_class WHERE relname='another'"), 0);
    EXPECT_EQ(integer("SELECT version FROM lumoz.version"), static_cast<std::int64_t>(later.size() - 1));
    // This program meets the newer one.
    const auto refused = open_postgres_store(options(), clock_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "E_STORE_VERSION");
}

TEST_F(Postgres, LookUpsUseTheirIndexes) {
    auto store = open(options());
    for (int i = 0; i < 500; ++i)
        store->append(record("alice", "r-" + std::to_string(i), "same"), [](auto&&) {});
    ASSERT_TRUE(append(*store, record("alice", "last", "same")));
    ASSERT_TRUE(run("ANALYZE"));
    ASSERT_TRUE(run("SELECT pg_stat_reset()"));
    EXPECT_EQ(found_id(*store, "alice", "r-7"), "r-7");
    EXPECT_EQ(found_id(*store, "alice", "same"), "last");
    EXPECT_EQ(found_id(*store, std::nullopt, "same"), "last");
    store.reset();  // a connection reports its counts when it ends
    EXPECT_LE(integer("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname='receipt'"), 0);
}

TEST_F(Postgres, ARoleWithoutRightsOnTheDatabaseIsEnoughOnceTheSchemaIsThere) {
    open(options()).reset();
    const std::string role = "plain_" + database_;
    ASSERT_TRUE(run("CREATE ROLE " + role + " LOGIN; REVOKE ALL ON DATABASE " + database_ +
                    " FROM PUBLIC;"
                    "GRANT CONNECT ON DATABASE " +
                    database_ + " TO " + role +
                    ";"
                    "GRANT USAGE ON SCHEMA lumoz TO " +
                    role +
                    ";"
                    "GRANT SELECT,INSERT,UPDATE,DELETE ON ALL TABLES IN SCHEMA lumoz TO " +
                    role));
    PostgresOptions plain = options();
    for (auto& [key, value] : plain.target.values)
        if (key == "user") value = role;
    auto store = open(plain);
    ASSERT_TRUE(store);
    EXPECT_TRUE(append(*store, answer("alice", "rcpt-1", "m", Usage{1, 1})));
    EXPECT_EQ(found_id(*store, "alice", "rcpt-1"), "rcpt-1");
}

TEST_F(Postgres, RowsThatAreNotOursAreCorruptAndOthersStayReadable) {
    auto store = open(options());
    ASSERT_TRUE(append(*store, record("alice", "rcpt-1", "a")));
    ASSERT_TRUE(append(*store, record("alice", "rcpt-2", "b")));
    ASSERT_TRUE(append(*store, record("alice", "rcpt-3", "c")));
    ASSERT_TRUE(run("UPDATE lumoz.receipt SET document=decode(repeat('00',70000),'hex') WHERE seq=1"));
    ASSERT_TRUE(run("UPDATE lumoz.receipt SET ecdsa='x' WHERE seq=2"));
    EXPECT_EQ(found_id(*store, "alice", "rcpt-1"), "E_STORE_CORRUPT");
    EXPECT_EQ(found_id(*store, "alice", "b"), "E_STORE_CORRUPT");
    EXPECT_EQ(found_id(*store, "alice", "rcpt-3"), "rcpt-3");
    ASSERT_TRUE(run("UPDATE lumoz.keyset SET ecdsa_address='x'"));
    EXPECT_EQ(found_id(*store, "alice", "rcpt-3"), "E_STORE_CORRUPT");
}

TEST_F(Postgres, BytesOfAnyKindAreStoredAndQuotesAreNoSql) {
    auto store = open(options());
    const std::string odd = std::string("\xff\0'; DROP TABLE lumoz.receipt; --", 34);
    Record in = answer(odd, "id-" + odd, odd, Usage{1, 2});
    in.response_id = odd;
    in.receipt_json = odd;
    ASSERT_TRUE(append(*store, in));
    const auto found = store->find(odd, odd);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->record.receipt_json, odd);
    EXPECT_EQ((*found)->record.owner, odd);
    EXPECT_EQ(told(store->usage(odd)), odd + " 1 1/2");
}

TEST_F(Postgres, AServerWithoutFsyncIsRefusedUnlessDurabilityIsRelaxed) {
    PostgresServer careless("fsync = off");
    PostgresOptions options = testing::postgres_options(careless.fresh_database());
    const auto refused = open_postgres_store(options, clock_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "E_STORE_NOT_DURABLE");
    options.durability = Durability::Relaxed;
    EXPECT_TRUE(open_postgres_store(options, clock_));
}

TEST_F(Postgres, ThePasswordIsReadFromItsFileForEachConnection) {
    PostgresServer strict;
    const std::string url = strict.fresh_database();
    strict.demand_password("geheim");
    const testing::ScratchFolder folder;
    const auto file = folder.path() / "password";
    const auto opens = [&] {
        const auto target = read_pg_target(url, file, false);
        const auto opened = PgConnection::open(*target, std::chrono::seconds(5));
        if (opened) return std::string("opened");
        EXPECT_EQ(opened.error().detail.find("geheim"), std::string::npos);
        return std::string(opened.error().where);
    };
    EXPECT_EQ(opens(), "store.pg_connection.password") << "no such file";
    std::ofstream(file) << "wrong\n";
    EXPECT_EQ(opens(), "store.pg_connection.open");
    std::ofstream(file) << "geheim\nand a comment\n";
    EXPECT_EQ(opens(), "opened");
    std::ofstream(file) << std::string(5000, 'x');
    EXPECT_EQ(opens(), "store.pg_connection.password");
}

TEST_F(Postgres, NoDatabaseNoStore) {
    PostgresOptions nowhere = testing::postgres_options("postgres://u@/r?host=/nowhere");
    const auto refused = open_postgres_store(nowhere, clock_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "E_STORE_IO");
}

}  // namespace
}  // namespace lumoz::store

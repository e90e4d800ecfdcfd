// SPDX-License-Identifier: Apache-2.0
// Usage is counted with the receipt and outlives it; a file of version 1 comes forward with all it has.
#include "store/rows.hpp"
#include "store/schema.hpp"
#include "store/testing.hpp"
#include "store/usage_sum.hpp"

#include <gtest/gtest.h>

namespace lumoz::store {
namespace {

using testing::answer;
using testing::append;
using testing::kDigest;
using testing::keyset;
using testing::record;
using testing::told;
using testing::with_keyset;

TEST(UsageSum, OneRowPerOwnerModelAndDay) {
    UsageSum sum;
    constexpr UnixTime kDay = 24 * 3600;
    sum.add(answer("alice", "1", "m", Usage{1, 2}, kDay - 1));
    sum.add(answer("alice", "2", "m", Usage{10, 20}, 0));
    sum.add(answer("alice", "3", "m", std::nullopt, 5));
    sum.add(answer("alice", "4", "m", Usage{1, 1}, kDay));
    sum.add(answer("bob", "5", "m", Usage{1, 1}, 0));
    sum.add(answer("bob", "6", "", Usage{1, 1}, 0));
    ASSERT_EQ(sum.rows().size(), 3U);
    const UsageCount& first = sum.rows().at({"alice", "m", 0});
    EXPECT_EQ(first.requests, 3U);
    EXPECT_EQ(first.usage.input_tokens, 11U);
    EXPECT_EQ(first.usage.output_tokens, 22U);
    EXPECT_EQ(sum.rows().at({"alice", "m", 1}).requests, 1U);
}

class UsageFixture : public ::testing::Test {
protected:
    void open() {
        store_.reset();
        store_ = with_keyset(open_sqlite_store(options(), clock_));
        ASSERT_TRUE(store_);
    }
    [[nodiscard]] SqliteOptions options() const { return testing::options(folder_.path()); }
    [[nodiscard]] std::string file() const { return (options().directory / "receipts.db").string(); }
    testing::ScratchFolder folder_;
    testing::MovableClock clock_;
    std::unique_ptr<ReceiptStore> store_;
};
using UsageTable = UsageFixture;

TEST_F(UsageTable, OutlivesTheReceiptsAndAddsUpTheDays) {
    open();
    ASSERT_TRUE(append(*store_, answer("alice", "1", "m", Usage{5, 7}, clock_.time)));
    clock_.time += 40 * 24 * 3600;
    ASSERT_TRUE(append(*store_, answer("alice", "2", "m", Usage{1, 1}, clock_.time)));
    store_->upkeep_now();
    EXPECT_FALSE(*store_->find("alice", "1"));
    EXPECT_EQ(told(store_->usage("alice")), "m 2 6/8");
    store_.reset();
    Database db = *Database::open(file(), false);
    EXPECT_EQ(*db.integer("SELECT count(*) FROM usage", "t"), 2);
    EXPECT_EQ(*db.integer("SELECT max(day)-min(day) FROM usage", "t"), 40);
}

TEST_F(UsageTable, ADamagedCountIsCorrupt) {
    open();
    ASSERT_TRUE(append(*store_, answer("alice", "1", "m", Usage{5, 7})));
    store_.reset();
    ASSERT_TRUE(Database::open(file(), false)->run("UPDATE usage SET requests=-1", "t"));
    open();
    EXPECT_EQ(told(store_->usage("alice")), "E_STORE_CORRUPT");
}

/// What version 1 of the store made: frozen, whatever schema.cpp says now.
constexpr const char* kVersionOne = R"sql(
PRAGMA page_size=4096;
PRAGMA auto_vacuum=INCREMENTAL;
PRAGMA application_id=1282243154;
CREATE TABLE owner(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE keyset(id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, made_at INTEGER NOT NULL,
    not_after INTEGER NOT NULL, ecdsa_address BLOB NOT NULL, ed25519_public BLOB NOT NULL,
    last_seq INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE evidence(keyset INTEGER PRIMARY KEY, document BLOB NOT NULL) STRICT;
CREATE TABLE receipt(seq INTEGER PRIMARY KEY, owner INTEGER NOT NULL, keyset INTEGER NOT NULL,
    served_at INTEGER NOT NULL, receipt_id TEXT NOT NULL, response_id TEXT, receipt_key INTEGER NOT NULL,
    response_key INTEGER, document TEXT NOT NULL, text_hashes BLOB, ecdsa BLOB, ed25519 BLOB) STRICT;
CREATE INDEX receipt_by_id ON receipt(owner, receipt_key);
CREATE INDEX receipt_by_response ON receipt(owner, response_key) WHERE response_key IS NOT NULL;
CREATE TABLE probe(id INTEGER PRIMARY KEY CHECK(id = 1), n INTEGER NOT NULL) STRICT;
INSERT INTO probe VALUES(1, 0);
PRAGMA journal_mode=WAL;
PRAGMA user_version=1;
)sql";

constexpr const char* kVersionOneInsert =
    "INSERT INTO receipt(seq,owner,keyset,served_at,receipt_id,response_id,receipt_key,response_key,document,"
    "text_hashes,ecdsa,ed25519) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)";

/// Fills a file of version 1 with 1,000 receipts of two owners and one keyset, as its writer did.
void fill_version_one(Database& db) {
    ASSERT_TRUE(db.run(kVersionOne, "t"));
    ASSERT_TRUE(db.run("BEGIN; INSERT INTO owner(name) VALUES('alice'),('bob')", "t"));
    auto keys = db.prepare("INSERT INTO keyset VALUES(1,?1,5,6,?2,?3,0)");
    const KeysetEvidence ours = keyset();
    keys->bind(1, std::string_view(kDigest)).bind(2, ours.signers.ecdsa.view());
    keys->bind(3, ours.signers.ed25519.view());
    ASSERT_TRUE(keys->run("t"));
    ASSERT_TRUE(db.run("INSERT INTO evidence VALUES(1,CAST('old evidence' AS BLOB))", "t"));
    auto insert = db.prepare(kVersionOneInsert);
    for (std::int64_t seq = 1; seq <= 1000; ++seq) {
        const std::string number = std::to_string(seq);
        const std::string owner = seq % 2 == 0 ? "alice" : "bob";
        const Record old = record(owner, "rcpt-" + number, "chat-" + number);
        ASSERT_TRUE(insert_record(*insert, old, {seq, seq % 2 == 0 ? 1 : 2, 1}));
    }
    ASSERT_TRUE(db.run("COMMIT", "t"));
}

TEST_F(UsageTable, AFileOfVersionOneLosesNothing) {
    std::filesystem::create_directories(options().directory);
    {
        Database old = *Database::open(file(), true);
        fill_version_one(old);
    }
    // Opened without a keyset of its own: everything that is found is the old file's.
    store_ = *open_sqlite_store(options(), clock_);
    for (int i = 1; i <= 1000; ++i) {
        const std::string owner = i % 2 == 0 ? "alice" : "bob";
        const Record want = record(owner, "rcpt-" + std::to_string(i), "chat-" + std::to_string(i));
        for (const std::string& id : {want.receipt_id, *want.response_id}) {
            const auto found = store_->find(owner, id);
            ASSERT_TRUE(found && *found) << id;
            EXPECT_EQ((*found)->record.receipt_json, want.receipt_json);
            EXPECT_EQ((*found)->record.signatures->text, want.signatures->text);
            EXPECT_EQ((*found)->signers, keyset().signers);
        }
    }
    const auto evidence = store_->keyset(kDigest);
    ASSERT_TRUE(evidence && *evidence);
    EXPECT_EQ((*evidence)->evidence, "old evidence");
    EXPECT_EQ(told(store_->usage("alice")), "");
    ASSERT_TRUE(append(*store_, answer("alice", "new", "m", Usage{1, 2})));
    EXPECT_EQ(told(store_->usage("alice")), "m 1 1/2");
    store_.reset();
    EXPECT_EQ(*Database::open(file(), false)->integer("PRAGMA user_version", "t"), 2);
}

TEST_F(UsageTable, VersionOneIsWhatTheFirstStepMakes) {
    const std::string tables =
        "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND name<>'usage'";
    Database old = *Database::open((folder_.path() / "one.db").string(), true);
    ASSERT_TRUE(old.run(kVersionOne, "t"));
    Database fresh = *Database::open((folder_.path() / "now.db").string(), true);
    ASSERT_TRUE(prepare_schema(fresh, schema_steps().first(1)));
    EXPECT_EQ(*old.integer("PRAGMA application_id", "t"), kApplicationId);
    EXPECT_EQ(*old.integer(tables.c_str(), "t"), *fresh.integer(tables.c_str(), "t"));
    for (const char* table : {"owner", "keyset", "evidence", "receipt", "probe"}) {
        const std::string columns =
            std::string("SELECT group_concat(name||' '||type||' '||\"notnull\") FROM pragma_table_info('") +
            table + "')";
        auto left = *old.prepare(columns.c_str());
        auto right = *fresh.prepare(columns.c_str());
        ASSERT_TRUE(*left.step("t") && *right.step("t"));
        EXPECT_EQ(left.text(0), right.text(0));
    }
}

}  // namespace
}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_store.hpp"

#include "store/schema.hpp"
#include "store/testing.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace lumoz::store {
namespace {

using testing::append;
using testing::kDigest;
using testing::keyset;
using testing::record;

class SqliteStoreFixture : public ::testing::Test {
protected:
    void open(const SqliteOptions& options) {
        store_.reset();
        store_ = testing::with_keyset(open_sqlite_store(options, clock_));
        ASSERT_TRUE(store_);
    }
    void SetUp() override { open(options()); }
    [[nodiscard]] SqliteOptions options() const { return testing::options(folder_.path()); }
    std::string found_id(std::optional<std::string_view> owner, std::string_view id) {
        return testing::found_id(*store_, owner, id);
    }

    testing::ScratchFolder folder_;
    testing::MovableClock clock_;
    std::unique_ptr<ReceiptStore> store_;
};

using Store = SqliteStoreFixture;

TEST_F(Store, ForgetsTheOldestAboveItsSize) {
    SqliteOptions small = options();
    small.max_bytes = std::uint64_t{2} << 20;
    // Behind every batch the writer looks at the size by itself, too.
    small.upkeep_interval = std::chrono::milliseconds(1);
    open(small);
    testing::HeldWriter held(*store_, record("alice", "first", std::nullopt));
    for (int i = 0; i < 4000; ++i)
        store_->append(record("alice", "r-" + std::to_string(i), std::nullopt), [](auto&&) {});
    held.release();  // all are one batch
    ASSERT_TRUE(append(*store_, record("alice", "last", std::nullopt)));
    store_->upkeep_now();
    EXPECT_LE(store_->counters().bytes_used, small.max_bytes);
    // Not more than that, however large the batch was.
    EXPECT_GT(store_->counters().bytes_used, small.max_bytes - (std::uint64_t{64} << 10));
    EXPECT_EQ(found_id("alice", "r-0"), "none");
    EXPECT_EQ(found_id("alice", "last"), "last");
}

TEST_F(Store, EvidenceStaysAsLongAsTheLastReceiptOfItsKeys) {
    const std::string newer = "sha256:" + std::string(64, 'c');
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", std::nullopt, clock_.time)));
    store_.reset();
    store_ = *open_sqlite_store(options(), clock_);
    ASSERT_TRUE(store_->put_keyset(keyset(newer, "new evidence")));
    store_->upkeep_now();
    EXPECT_EQ(testing::evidence_of(*store_, kDigest), "{}");
    clock_.time += 40 * 24 * 3600;
    store_->upkeep_now();
    EXPECT_EQ(testing::evidence_of(*store_, kDigest), "none");
    EXPECT_EQ(testing::evidence_of(*store_, newer), "new evidence") << "no receipt yet, but alive";
}

TEST_F(Store, EvidenceStaysWhenKeysChangedBeforeACrash) {
    const std::string second = "sha256:" + std::string(64, 'c'), third = "sha256:" + std::string(64, 'd');
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", std::nullopt, clock_.time)));
    ASSERT_TRUE(store_->put_keyset(keyset(second)));
    store_.reset();  // without a round of upkeep, as a crash
    store_ = *open_sqlite_store(options(), clock_);
    ASSERT_TRUE(store_->put_keyset(keyset(third)));
    store_->upkeep_now();
    const auto first = store_->keyset(kDigest);
    ASSERT_TRUE(first);
    EXPECT_TRUE(*first);
    const auto unused = store_->keyset(second);
    ASSERT_TRUE(unused);
    EXPECT_TRUE(*unused) << "it may be dropped only behind the receipts before it";
}

TEST_F(Store, EvidenceOfManyRenewalsGoesWithItsReceiptsOrAtOnce) {
    const auto life = [](std::size_t n) { return "sha256:" + std::string(62, 'e') + std::to_string(10 + n); };
    ASSERT_TRUE(store_->put_keyset(keyset(life(0), "named")));
    Record named = record("alice", "rcpt-1", std::nullopt, clock_.time);
    named.keyset_digest = life(0);
    ASSERT_TRUE(append(*store_, named));
    for (std::size_t n = 1; n <= kOwnKeysets + 2; ++n)
        ASSERT_TRUE(store_->put_keyset(keyset(life(n), "evidence")));
    store_->upkeep_now();
    EXPECT_EQ(testing::evidence_of(*store_, life(0)), "named");
    clock_.time += 40 * 24 * 3600;
    for (int round = 0; round < 2; ++round)
        store_->upkeep_now();
    for (const std::string& gone : {kDigest, life(0), life(1), life(2)})
        EXPECT_EQ(testing::evidence_of(*store_, gone), "none") << gone;
    for (std::size_t n = 3; n <= kOwnKeysets + 2; ++n)
        EXPECT_EQ(testing::evidence_of(*store_, life(n)), "evidence") << n;
    // Who comes later than that is told so, rather than stored where nobody finds it.
    const Status late = append(*store_, named);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().rule, "E_STORE_KEYSET");
}

TEST_F(Store, CountsBytesOfAnOlderFileByItsOwnPages) {
    store_.reset();
    std::filesystem::remove_all(options().directory);
    std::filesystem::create_directories(options().directory);
    {
        auto old = Database::open((options().directory / "receipts.db").string(), true);
        ASSERT_TRUE(old);
        ASSERT_TRUE(old->run("PRAGMA page_size=8192", "t"));
        ASSERT_TRUE(old->run("PRAGMA auto_vacuum=INCREMENTAL", "t"));
        const std::string id = "PRAGMA application_id=" + std::to_string(kApplicationId);
        ASSERT_TRUE(old->run(id.c_str(), "t"));
        ASSERT_TRUE(old->run(schema_steps()[0], "t"));
        ASSERT_TRUE(old->run("PRAGMA user_version=1", "t"));
    }
    store_ = *open_sqlite_store(options(), clock_);
    store_->upkeep_now();
    EXPECT_EQ(store_->counters().bytes_used % 8192, 0U);
    EXPECT_GE(store_->counters().bytes_used, 8192U * 8) << "one page for each table and index";
}

TEST_F(Store, ASecondProcessIsKeptOut) {
    const auto second = open_sqlite_store(options(), clock_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().rule, "E_STORE_LOCKED");
    EXPECT_EQ(second.error().where, "store.disk.lock");
}

TEST_F(Store, TheLogStaysBounded) {
    for (int i = 0; i < 30; ++i) {
        for (int k = 0; k < 999; ++k)
            store_->append(record("alice", std::to_string(i) + "-" + std::to_string(k), std::nullopt),
                           [](auto&&) {});
        ASSERT_TRUE(append(*store_, record("alice", "last" + std::to_string(i), std::nullopt)));
    }
    EXPECT_LE(std::filesystem::file_size(options().directory / "receipts.db-wal"), std::uintmax_t{48} << 20);
}

TEST_F(Store, AFileThatIsNoDatabaseIsCorrupt) {
    store_.reset();
    std::ofstream(options().directory / "receipts.db", std::ios::trunc) << std::string(8192, 'x');
    std::filesystem::remove(options().directory / "receipts.db-wal");
    const auto opened = open_sqlite_store(options(), clock_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().rule, "E_STORE_CORRUPT");
}

TEST_F(Store, DamagedPagesGiveAnErrorAndNoCrash) {
    for (int i = 0; i < 500; ++i)
        store_->append(record("alice", "r-" + std::to_string(i), std::nullopt), [](auto&&) {});
    ASSERT_TRUE(append(*store_, record("alice", "last", std::nullopt)));
    store_.reset();
    {
        std::fstream file(options().directory / "receipts.db",
                          std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(8192);
        file << std::string(8192 * 75, '\xff');
    }
    const auto opened = open_sqlite_store(options(), clock_);
    if (!opened) {
        EXPECT_EQ(opened.error().rule, "E_STORE_CORRUPT");
        return;
    }
    const auto found = (*opened)->find("alice", "r-100");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().rule, "E_STORE_CORRUPT");
}

}  // namespace
}  // namespace lumoz::store

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
        auto opened = SqliteStore::open(options, clock_);
        ASSERT_TRUE(opened) << opened.error().rule << " " << opened.error().detail;
        store_ = std::move(*opened);
        const Status put = store_->put_keyset(keyset());
        ASSERT_TRUE(put) << put.error().detail;
    }
    void SetUp() override { open(options()); }
    [[nodiscard]] SqliteOptions options() const { return testing::options(folder_.path()); }
    std::string found_id(std::optional<std::string_view> owner, std::string_view id) {
        const auto found = store_->find(owner, id);
        if (!found) return std::string(found.error().rule);
        return *found ? (*found)->record.receipt_id : "none";
    }

    testing::ScratchFolder folder_;
    testing::MovableClock clock_;
    std::unique_ptr<SqliteStore> store_;
};

using Store = SqliteStoreFixture;

TEST_F(Store, ForgetsTheOldestAboveItsSize) {
    SqliteOptions small = options();
    small.max_bytes = std::uint64_t{2} << 20;
    open(small);
    for (int i = 0; i < 4000; ++i)
        store_->append(record("alice", "r-" + std::to_string(i), std::nullopt), [](auto&&) {});
    ASSERT_TRUE(append(*store_, record("alice", "last", std::nullopt)));
    store_->upkeep_now();
    EXPECT_LE(store_->counters().bytes_used, small.max_bytes);
    EXPECT_GT(store_->counters().bytes_used, small.max_bytes / 2);
    EXPECT_EQ(found_id("alice", "r-0"), "none");
    EXPECT_EQ(found_id("alice", "last"), "last");
}

TEST_F(Store, EvidenceStaysAsLongAsTheLastReceiptOfItsKeys) {
    const std::string newer = "sha256:" + std::string(64, 'c');
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", std::nullopt, clock_.time)));
    store_.reset();
    store_ = *SqliteStore::open(options(), clock_);
    ASSERT_TRUE(store_->put_keyset(keyset(newer, "new evidence")));
    store_->upkeep_now();
    auto old = store_->keyset(kDigest);
    ASSERT_TRUE(old && *old);
    clock_.time += 40 * 24 * 3600;
    store_->upkeep_now();
    old = store_->keyset(kDigest);
    ASSERT_TRUE(old);
    EXPECT_FALSE(*old);
    const auto own = store_->keyset(newer);  // no receipt yet, but these keys are alive
    ASSERT_TRUE(own && *own);
    EXPECT_EQ((*own)->evidence, "new evidence");
}

TEST_F(Store, EvidenceStaysWhenKeysChangedBeforeACrash) {
    const std::string second = "sha256:" + std::string(64, 'c'), third = "sha256:" + std::string(64, 'd');
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", std::nullopt, clock_.time)));
    ASSERT_TRUE(store_->put_keyset(keyset(second)));
    store_.reset();  // without a round of upkeep, as a crash
    store_ = *SqliteStore::open(options(), clock_);
    ASSERT_TRUE(store_->put_keyset(keyset(third)));
    store_->upkeep_now();
    const auto first = store_->keyset(kDigest);
    ASSERT_TRUE(first);
    EXPECT_TRUE(*first);
    const auto unused = store_->keyset(second);
    ASSERT_TRUE(unused);
    EXPECT_TRUE(*unused) << "it may be dropped only behind the receipts before it";
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
    store_ = *SqliteStore::open(options(), clock_);
    store_->upkeep_now();
    EXPECT_EQ(store_->counters().bytes_used % 8192, 0U);
    EXPECT_GE(store_->counters().bytes_used, 8192U * 8) << "one page for each table and index";
}

TEST_F(Store, ASecondProcessIsKeptOut) {
    const auto second = SqliteStore::open(options(), clock_);
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
    const auto opened = SqliteStore::open(options(), clock_);
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
    const auto opened = SqliteStore::open(options(), clock_);
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

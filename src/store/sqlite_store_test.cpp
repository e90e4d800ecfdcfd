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

TEST_F(Store, GivesBackEveryMember) {
    const Record in = record("alice", "rcpt-1", "chatcmpl-1");
    ASSERT_TRUE(append(*store_, in));
    const auto found = store_->find("alice", "rcpt-1");
    ASSERT_TRUE(found && *found);
    const Record& out = (*found)->record;
    EXPECT_EQ(out.owner, "alice");
    EXPECT_EQ(out.receipt_id, in.receipt_id);
    EXPECT_EQ(out.response_id, in.response_id);
    EXPECT_EQ(out.keyset_digest, kDigest);
    EXPECT_EQ(out.receipt_json, in.receipt_json);
    EXPECT_EQ(out.served_at, in.served_at);
    ASSERT_TRUE(out.signatures);
    EXPECT_EQ(out.signatures->text, in.signatures->text);
    EXPECT_EQ(out.signatures->ecdsa, in.signatures->ecdsa);
    EXPECT_EQ(out.signatures->ed25519, in.signatures->ed25519);
    EXPECT_EQ((*found)->signers, keyset().signers);
}

TEST_F(Store, ACutAnswerHasNoSignatures) {
    Record in = record("alice", "rcpt-1", std::nullopt);
    in.signatures.reset();
    ASSERT_TRUE(append(*store_, in));
    const auto found = store_->find("alice", "rcpt-1");
    ASSERT_TRUE(found && *found);
    EXPECT_FALSE((*found)->record.signatures);
    EXPECT_FALSE((*found)->record.response_id);
}

TEST_F(Store, FindsByResponseIdTheNewestAndOverwritesNothing) {
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", "same")));
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-2", "same")));
    EXPECT_EQ(found_id("alice", "same"), "rcpt-2");
    EXPECT_EQ(found_id("alice", "rcpt-1"), "rcpt-1");
}

TEST_F(Store, LooksForTheReceiptIdFirst) {
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", "chatcmpl-1")));
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-2", "rcpt-1")));
    EXPECT_EQ(found_id("alice", "rcpt-1"), "rcpt-1");
}

TEST_F(Store, AnotherOwnersReceiptIsNotThere) {
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", "a")));
    ASSERT_TRUE(append(*store_, record("bob", "rcpt-2", "a")));
    EXPECT_EQ(found_id("alice", "rcpt-2"), "none");
    EXPECT_EQ(found_id("alice", "a"), "rcpt-1");
    EXPECT_EQ(found_id("carol", "a"), "none");
    EXPECT_EQ(found_id("", "a"), "none");
}

TEST_F(Store, WithoutOwnerTheNewestOfAnybodyIsFound) {
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", "a")));
    ASSERT_TRUE(append(*store_, record("bob", "rcpt-2", "a")));
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-3", "b")));
    EXPECT_EQ(found_id(std::nullopt, "a"), "rcpt-2");
    EXPECT_EQ(found_id(std::nullopt, "rcpt-1"), "rcpt-1");
    EXPECT_EQ(found_id(std::nullopt, "nothing"), "none");
    EXPECT_EQ(found_id(std::nullopt, ""), "none");
    EXPECT_EQ(found_id(std::nullopt, std::string(5000, 'x')), "none");
}

TEST_F(Store, KeepsEverythingOverARestart) {
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", "a")));
    open(options());
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-2", "a")));
    EXPECT_EQ(found_id("alice", "a"), "rcpt-2");
    EXPECT_EQ(found_id("alice", "rcpt-1"), "rcpt-1");
    const auto evidence = store_->keyset(kDigest);
    ASSERT_TRUE(evidence && *evidence);
    EXPECT_EQ((*evidence)->evidence, "{}");
}

TEST_F(Store, WritesWhatIsQueuedBeforeItCloses) {
    for (int i = 0; i < 500; ++i)
        store_->append(record("alice", "rcpt-" + std::to_string(i), std::nullopt), [](const Status&) {});
    open(options());
    EXPECT_EQ(found_id("alice", "rcpt-499"), "rcpt-499");
}

TEST_F(Store, RefusesARecordOfAnUnknownKeyset) {
    Record bad = record("alice", "rcpt-1", std::nullopt);
    bad.keyset_digest = "sha256:" + std::string(64, 'b');
    const Status status = append(*store_, bad);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().rule, "E_STORE_KEYSET");
    EXPECT_EQ(status.error().where, "store.writer.keyset");
    EXPECT_EQ(found_id("alice", "rcpt-1"), "none");
    EXPECT_TRUE(store_->healthy());
}

TEST_F(Store, RefusesRecordsOutOfBounds) {
    const auto refused = [&](const auto& bend) {
        Record bad = record("alice", "rcpt-1", "a");
        bend(bad);
        const Status status = append(*store_, bad);
        return !status && status.error().rule == "E_STORE_RECORD";
    };
    EXPECT_TRUE(refused([](Record& r) { r.receipt_id.clear(); }));
    EXPECT_TRUE(refused([](Record& r) { r.receipt_id.assign(kMaxIdBytes + 1, 'a'); }));
    EXPECT_TRUE(refused([](Record& r) { r.response_id = ""; }));
    EXPECT_TRUE(refused([](Record& r) { r.response_id = std::string(kMaxIdBytes + 1, 'a'); }));
    EXPECT_TRUE(refused([](Record& r) { r.owner.assign(kMaxIdBytes + 1, 'a'); }));
    EXPECT_TRUE(refused([](Record& r) { r.keyset_digest.clear(); }));
    EXPECT_TRUE(refused([](Record& r) { r.receipt_json.assign(kMaxReceiptBytes + 1, 'a'); }));
    EXPECT_TRUE(refused([](Record& r) { r.receipt_json.clear(); }));
    EXPECT_TRUE(refused([](Record& r) { r.signatures->text = "no text"; }));
    EXPECT_TRUE(refused([](Record& r) { r.signatures->text[3] = 'A'; }));
    EXPECT_TRUE(refused([](Record& r) { r.signatures->text[64] = ';'; }));
}

TEST_F(Store, AFullQueueIsAnsweredAtOnce) {
    SqliteOptions small = options();
    small.queue_limit = 4;
    open(small);
    std::latch writer_stopped(1);
    std::latch go_on(1);
    store_->append(record("alice", "rcpt-0", std::nullopt), [&](const Status&) {
        writer_stopped.count_down();
        go_on.wait();
    });
    writer_stopped.wait();
    std::atomic<int> stored{0};
    std::vector<std::string_view> errors;
    for (int i = 1; i <= 6; ++i) {
        store_->append(record("alice", "rcpt-" + std::to_string(i), std::nullopt), [&](const Status& status) {
            if (status) {
                ++stored;
            } else {
                errors.push_back(status.error().rule);
            }
        });
    }
    EXPECT_EQ(errors, (std::vector<std::string_view>{"E_STORE_BUSY", "E_STORE_BUSY"}));
    EXPECT_EQ(store_->counters().refused, 2U);
    go_on.count_down();
    while (store_->counters().queued > 0)
        std::this_thread::yield();
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-9", std::nullopt)));
    EXPECT_EQ(stored, 4);
}

TEST_F(Store, EverythingThatWaitsIsOneTransaction) {
    const StoreCounters before = store_->counters();
    std::latch writer_stopped(1);
    std::latch go_on(1);
    store_->append(record("alice", "rcpt-0", std::nullopt), [&](const Status&) {
        writer_stopped.count_down();
        go_on.wait();
    });
    writer_stopped.wait();
    std::latch all(1000);
    for (int i = 0; i < 1000; ++i) {
        store_->append(record("alice", "r-" + std::to_string(i), std::nullopt),
                       [&](const Status&) { all.count_down(); });
    }
    go_on.count_down();
    all.wait();
    EXPECT_EQ(store_->counters().commits - before.commits, 2U);
    EXPECT_EQ(store_->counters().appended - before.appended, 1001U);
}

TEST_F(Store, RelaxedAnswersAtTheHandOverAndStillFindsTheRecord) {
    SqliteOptions relaxed = options();
    relaxed.durability = Durability::Relaxed;
    open(relaxed);
    for (int i = 0; i < 200; ++i) {
        const std::string id = "rcpt-" + std::to_string(i);
        bool answered = false;
        store_->append(record("alice", id, "chat-" + std::to_string(i)), [&](const Status& status) {
            EXPECT_TRUE(status);
            answered = true;
        });
        EXPECT_TRUE(answered);
        ASSERT_EQ(found_id("alice", id), id);
        ASSERT_EQ(found_id("alice", "chat-" + std::to_string(i)), id);
    }
    const auto found = store_->find("alice", "rcpt-199");
    EXPECT_EQ((*found)->signers, keyset().signers);
    open(options());
    EXPECT_EQ(found_id("alice", "rcpt-199"), "rcpt-199");
}

TEST_F(Store, ForgetsWhatIsOlderThanItsAge) {
    for (int i = 0; i < 600; ++i)
        store_->append(record("alice", "old-" + std::to_string(i), std::nullopt, clock_.time), [](auto&&) {});
    clock_.time += 20 * 24 * 3600;
    ASSERT_TRUE(append(*store_, record("alice", "new", std::nullopt, clock_.time)));
    store_->upkeep_now();
    EXPECT_EQ(found_id("alice", "old-0"), "old-0");
    clock_.time += 11 * 24 * 3600;
    store_->upkeep_now();
    EXPECT_EQ(found_id("alice", "old-0"), "none");
    EXPECT_EQ(found_id("alice", "old-599"), "none");
    EXPECT_EQ(found_id("alice", "new"), "new");
    EXPECT_EQ(store_->counters().deleted, 600U);
}

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

TEST_F(Store, RowsAreNeverCountedTwiceAfterAllWereDeleted) {
    ASSERT_TRUE(append(*store_, record("alice", "one", "same")));
    clock_.time += 40 * 24 * 3600;
    store_->upkeep_now();
    EXPECT_EQ(found_id("alice", "one"), "none");
    open(options());
    ASSERT_TRUE(append(*store_, record("alice", "two", "same", clock_.time)));
    EXPECT_EQ(found_id("alice", "same"), "two");
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

TEST_F(Store, TheSameKeysetAgainReplacesItsEvidence) {
    ASSERT_TRUE(store_->put_keyset(keyset(kDigest, "second")));
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", std::nullopt)));
    EXPECT_EQ((*store_->keyset(kDigest))->evidence, "second");
    KeysetEvidence large = keyset();
    large.evidence.assign(kMaxEvidenceBytes + 1, 'x');
    const Status refused = store_->put_keyset(std::move(large));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "E_STORE_RECORD");
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

TEST_F(Store, ManyProducersAndReadersAtOnce) {
    constexpr int kEach = 300;
    std::atomic<int> stored{0};
    std::atomic<int> missed{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < kEach; ++i) {
                    const std::string id = std::to_string(t) + "-" + std::to_string(i);
                    if (append(*store_, record("owner" + std::to_string(t), id, "same"))) ++stored;
                    const auto found = store_->find("owner" + std::to_string(t), id);
                    if (!found || !*found || (*found)->record.receipt_id != id) ++missed;
                    if (!store_->healthy()) ++missed;
                }
            });
        }
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i) {
                store_->upkeep_now();
                [[maybe_unused]] const auto counted = store_->counters();
            }
        });
    }
    EXPECT_EQ(stored, 4 * kEach);
    EXPECT_EQ(missed, 0);
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

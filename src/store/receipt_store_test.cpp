// SPDX-License-Identifier: Apache-2.0
// What every store promises, held against each of them.
#include "store/testing.hpp"
#include "store/testing_postgres.hpp"
#include "store/usage_sum.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace lumoz::store {
namespace {

using testing::answer;
using testing::append;
using testing::kDigest;
using testing::keyset;
using testing::record;
using testing::told;
using testing::with_keyset;

testing::PostgresServer& server() {
    static testing::PostgresServer one;
    return one;
}

struct Knobs {
    Durability durability = Durability::Full;
    std::size_t queue_limit = 16384;
};

class AnyStore : public ::testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (on_postgres() && !testing::postgres_installed()) GTEST_SKIP() << "PostgreSQL 15 is not installed";
        if (on_postgres()) url_ = server().fresh_database();
        open();
    }
    [[nodiscard]] static bool on_postgres() { return std::string_view(GetParam()) == "postgres"; }
    /// The same store again, as after a restart.
    void open(const Knobs& knobs = {}) {
        store_.reset();
        if (on_postgres()) {
            PostgresOptions options = testing::postgres_options(url_);
            options.durability = knobs.durability;
            options.queue_limit = knobs.queue_limit;
            store_ = with_keyset(open_postgres_store(options, clock_));
        } else {
            SqliteOptions options = testing::options(folder_.path());
            options.durability = knobs.durability;
            options.queue_limit = knobs.queue_limit;
            store_ = with_keyset(open_sqlite_store(options, clock_));
        }
        ASSERT_TRUE(store_);
    }
    std::string found_id(std::optional<std::string_view> owner, std::string_view id) {
        return testing::found_id(*store_, owner, id);
    }

    testing::ScratchFolder folder_;
    testing::MovableClock clock_;
    std::string url_;
    std::unique_ptr<ReceiptStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Each, AnyStore, ::testing::Values("sqlite", "postgres"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(AnyStore, GivesBackEveryMember) {
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

TEST_P(AnyStore, ACutAnswerHasNoSignatures) {
    Record in = record("alice", "rcpt-1", std::nullopt);
    in.signatures.reset();
    ASSERT_TRUE(append(*store_, in));
    const auto found = store_->find("alice", "rcpt-1");
    ASSERT_TRUE(found && *found);
    EXPECT_FALSE((*found)->record.signatures);
    EXPECT_FALSE((*found)->record.response_id);
}

TEST_P(AnyStore, FindsByResponseIdTheNewestAndOverwritesNothing) {
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", "same")));
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-2", "same")));
    EXPECT_EQ(found_id("alice", "same"), "rcpt-2");
    EXPECT_EQ(found_id("alice", "rcpt-1"), "rcpt-1");
}

TEST_P(AnyStore, LooksForTheReceiptIdFirst) {
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", "chatcmpl-1")));
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-2", "rcpt-1")));
    EXPECT_EQ(found_id("alice", "rcpt-1"), "rcpt-1");
}

TEST_P(AnyStore, AnotherOwnersReceiptIsNotThere) {
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", "a")));
    ASSERT_TRUE(append(*store_, record("bob", "rcpt-2", "a")));
    EXPECT_EQ(found_id("alice", "rcpt-2"), "none");
    EXPECT_EQ(found_id("alice", "a"), "rcpt-1");
    EXPECT_EQ(found_id("carol", "a"), "none");
    EXPECT_EQ(found_id("", "a"), "none");
}

TEST_P(AnyStore, WithoutOwnerTheNewestOfAnybodyIsFound) {
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", "a")));
    ASSERT_TRUE(append(*store_, record("bob", "rcpt-2", "a")));
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-3", "b")));
    EXPECT_EQ(found_id(std::nullopt, "a"), "rcpt-2");
    EXPECT_EQ(found_id(std::nullopt, "rcpt-1"), "rcpt-1");
    EXPECT_EQ(found_id(std::nullopt, "nothing"), "none");
    EXPECT_EQ(found_id(std::nullopt, ""), "none");
    EXPECT_EQ(found_id(std::nullopt, std::string(5000, 'x')), "none");
}

TEST_P(AnyStore, KeepsEverythingOverARestart) {
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", "a")));
    open();
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-2", "a")));
    EXPECT_EQ(found_id("alice", "a"), "rcpt-2");
    EXPECT_EQ(found_id("alice", "rcpt-1"), "rcpt-1");
    const auto evidence = store_->keyset(kDigest);
    ASSERT_TRUE(evidence && *evidence);
    EXPECT_EQ((*evidence)->evidence, "{}");
}

TEST_P(AnyStore, WritesWhatIsQueuedBeforeItCloses) {
    for (int i = 0; i < 500; ++i)
        store_->append(record("alice", "rcpt-" + std::to_string(i), std::nullopt), [](const Status&) {});
    open();
    EXPECT_EQ(found_id("alice", "rcpt-499"), "rcpt-499");
}

TEST_P(AnyStore, RefusesARecordOfAnUnknownKeyset) {
    Record bad = record("alice", "rcpt-1", std::nullopt);
    bad.keyset_digest = "sha256:" + std::string(64, 'b');
    const Status status = append(*store_, bad);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().rule, "E_STORE_KEYSET");
    EXPECT_TRUE(status.error().where.ends_with("writer.keyset"));
    EXPECT_EQ(found_id("alice", "rcpt-1"), "none");
    EXPECT_TRUE(store_->healthy());
}

TEST_P(AnyStore, RefusesRecordsOutOfBounds) {
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

TEST_P(AnyStore, AFullQueueIsAnsweredAtOnce) {
    open({.queue_limit = 4});
    testing::HeldWriter held(*store_, record("alice", "rcpt-0", std::nullopt));
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
    held.release();
    while (store_->counters().queued > 0)
        std::this_thread::yield();
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-9", std::nullopt)));
    EXPECT_EQ(stored, 4);
}

TEST_P(AnyStore, EverythingThatWaitsIsOneTransaction) {
    const StoreCounters before = store_->counters();
    testing::HeldWriter held(*store_, record("alice", "rcpt-0", std::nullopt));
    std::latch all(1000);
    for (int i = 0; i < 1000; ++i) {
        store_->append(record("alice", "r-" + std::to_string(i), std::nullopt),
                       [&](const Status&) { all.count_down(); });
    }
    held.release();
    all.wait();
    EXPECT_EQ(store_->counters().commits - before.commits, 2U);
    EXPECT_EQ(store_->counters().appended - before.appended, 1001U);
}

TEST_P(AnyStore, RelaxedAnswersAtTheHandOverAndStillFindsTheRecord) {
    open({.durability = Durability::Relaxed});
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
    open();
    EXPECT_EQ(found_id("alice", "rcpt-199"), "rcpt-199");
}

TEST_P(AnyStore, ForgetsWhatIsOlderThanItsAge) {
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

TEST_P(AnyStore, RowsAreNeverCountedTwiceAfterAllWereDeleted) {
    ASSERT_TRUE(append(*store_, record("alice", "one", "same")));
    clock_.time += 40 * 24 * 3600;
    store_->upkeep_now();
    EXPECT_EQ(found_id("alice", "one"), "none");
    open();
    ASSERT_TRUE(append(*store_, record("alice", "two", "same", clock_.time)));
    EXPECT_EQ(found_id("alice", "same"), "two");
}

TEST_P(AnyStore, TheSameKeysetAgainReplacesItsEvidence) {
    ASSERT_TRUE(store_->put_keyset(keyset(kDigest, "second")));
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", std::nullopt)));
    EXPECT_EQ((*store_->keyset(kDigest))->evidence, "second");
    KeysetEvidence large = keyset();
    large.evidence.assign(kMaxEvidenceBytes + 1, 'x');
    const Status refused = store_->put_keyset(std::move(large));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "E_STORE_RECORD");
}

TEST_P(AnyStore, ARequestThatEndsUnderEarlierKeysIsStored) {
    // Keys were renewed, and no receipt names those that this request began under.
    ASSERT_TRUE(store_->put_keyset(keyset("sha256:" + std::string(64, 'c'))));
    store_->upkeep_now();
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", std::nullopt)));
    EXPECT_EQ(found_id("alice", "rcpt-1"), "rcpt-1");
    EXPECT_EQ(testing::evidence_of(*store_, kDigest), "{}");
}

TEST_P(AnyStore, ManyProducersAndReadersAtOnce) {
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

TEST_P(AnyStore, UsageAddsUpByOwnerAndModelAndKeepsItOverARestart) {
    ASSERT_TRUE(append(*store_, answer("alice", "1", "small", Usage{5, 7})));
    ASSERT_TRUE(append(*store_, answer("alice", "2", "small", Usage{1, 1})));
    ASSERT_TRUE(append(*store_, answer("alice", "3", "large", std::nullopt)));
    ASSERT_TRUE(append(*store_, answer("alice", "4", "", std::nullopt)));  // a refusal
    ASSERT_TRUE(append(*store_, answer("bob", "5", "small", Usage{100, 200})));
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(told(store_->usage("alice")), "large 1 0/0, small 2 6/8");
        EXPECT_EQ(told(store_->usage("bob")), "small 1 100/200");
        EXPECT_EQ(told(store_->usage("carol")), "");
        open();
    }
}

TEST_P(AnyStore, UsageARecordThatIsNotStoredIsNotCounted) {
    Record bad = answer("alice", "1", "m", Usage{5, 7});
    bad.keyset_digest = "sha256:" + std::string(64, 'b');
    EXPECT_FALSE(append(*store_, bad));
    Record named = answer("alice", "1", std::string(kMaxModelBytes + 1, 'm'), Usage{5, 7});
    const Status refused = append(*store_, named);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, "E_STORE_RECORD");
    EXPECT_EQ(told(store_->usage("alice")), "");
}

TEST_P(AnyStore, UsageAnEngineThatLiesAboutItsCountCannotStopTheStore) {
    const Usage lie{~std::uint64_t{0}, std::uint64_t{1} << 62};
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(append(*store_, answer("alice", std::to_string(i), "m", lie, clock_.time)));
    clock_.time += 24 * 3600;
    ASSERT_TRUE(append(*store_, answer("alice", "later", "m", lie, clock_.time)));
    const std::string two_days = std::to_string(2 * kMaxDayCount);
    EXPECT_EQ(told(store_->usage("alice")), "m 4 " + two_days + "/" + two_days);
}

TEST_P(AnyStore, UsageABatchCountsEveryRecordOfIt) {
    std::latch all(1000);
    for (int i = 0; i < 1000; ++i) {
        store_->append(answer(i % 2 == 0 ? "alice" : "bob", std::to_string(i), "m", Usage{1, 2}),
                       [&](const Status&) { all.count_down(); });
    }
    all.wait();
    EXPECT_EQ(told(store_->usage("alice")), "m 500 500/1000");
    EXPECT_EQ(told(store_->usage("bob")), "m 500 500/1000");
}

}  // namespace
}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
#include "collateral/keeper.hpp"

#include "tests/collateral/fake_vendor.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace lumoz::collateral {
namespace {

namespace fs = std::filesystem;
using testing::FakeVendor;
using testing::kDay;
using testing::kNow;

constexpr UnixTime kEnd = kNow - simtee::kBackdated + simtee::kCollateralLifetime;

class CollateralKeeper : public ::testing::Test {
protected:
    void SetUp() override {
        cache_ = *Cache::open(scratch_.path() / "cache");
        fresh_keeper();
    }
    /// As after a restart: what is known is what lies on disk.
    void fresh_keeper(bool online = true) {
        keeper_.emplace(online ? &client_ : nullptr, &*cache_, KeeperOptions{.roots = vendor_.roots()});
    }
    Result<Supply> get(UnixTime now, bool force = false) { return keeper_->get(vendor_.request(), now, force); }
    std::string rule(UnixTime now, bool force = false) {
        const auto supply = get(now, force);
        return supply ? "" : std::string(supply.error().rule);
    }
    void evaluation(int number) {
        const std::string text = "\"tcbEvaluationDataNumber\":" + std::to_string(number);
        vendor_.bend_tcb = [text](std::string t) {
            return testing::replaced(std::move(t), "\"tcbEvaluationDataNumber\":1", text);
        };
    }
    testing::Scratch scratch_;
    FakeVendor vendor_;
    Client client_{vendor_};
    std::optional<Cache> cache_;
    std::optional<Keeper> keeper_;
};

TEST_F(CollateralKeeper, AsksOnceAndAnswersFromMemoryAndDisk) {
    ASSERT_EQ(rule(kNow), "");
    EXPECT_EQ(vendor_.targets.size(), 4U);
    EXPECT_EQ(get(kNow + 60)->fetched, 0U);
    fresh_keeper();
    const auto supply = get(kNow + 60);
    ASSERT_TRUE(supply);
    EXPECT_EQ(supply->fetched, 0U);
    EXPECT_EQ(vendor_.targets.size(), 4U);
    EXPECT_EQ(supply->bundle.texts.to_json(), vendor_.documents().to_json());
}

TEST_F(CollateralKeeper, RenewsAfterADayAtTheLatestAndATenthEarlierByChance) {
    ASSERT_EQ(rule(kNow), "");
    for (int i = 0; i < 20; ++i) {
        fresh_keeper();
        const UnixTime due = get(kNow)->refresh_at;
        EXPECT_GE(due, kNow + kDay * 9 / 10 - 4);
        EXPECT_LE(due, kNow + kDay);
    }
    EXPECT_EQ(get(kNow + kDay)->fetched, 4U);
}

TEST_F(CollateralKeeper, RenewsWhatEndsSoonAtHalfOfItsLife) {
    const std::string end = to_rfc3339(kEnd);
    vendor_.bend_qe = [&](std::string t) { return testing::replaced(std::move(t), end, to_rfc3339(kNow + 1000)); };
    ASSERT_EQ(rule(kNow), "");
    EXPECT_EQ(get(kNow + 449)->fetched, 0U);
    EXPECT_EQ(get(kNow + 500)->fetched, 1U);
}

TEST_F(CollateralKeeper, WithoutTheServiceTheKeptServeUntilTheyEnd) {
    ASSERT_EQ(rule(kNow), "");
    vendor_.down = true;
    for (const UnixTime now : {kNow + 2 * kDay, kNow + 20 * kDay, kEnd}) {
        const auto supply = get(now);
        ASSERT_TRUE(supply) << now;
        EXPECT_EQ(supply->troubles.size(), 4U);
        EXPECT_EQ(supply->troubles.front().error.rule, "E_NET_REFUSED");
    }
    EXPECT_EQ(rule(kEnd + 1), "E_NET_REFUSED");
    fresh_keeper(false);
    EXPECT_EQ(rule(kEnd), "");
    EXPECT_EQ(rule(kEnd + 1), "E_TCBINFO_EXPIRED");
}

TEST_F(CollateralKeeper, OfflineWithAnEmptyCacheThereIsNone) {
    fresh_keeper(false);
    EXPECT_EQ(rule(kNow), "E_COLLATERAL_NONE");
}

TEST_F(CollateralKeeper, AnOlderEvaluationNeverReplacesANewerOne) {
    evaluation(7);
    ASSERT_EQ(rule(kNow), "");
    evaluation(6);
    vendor_.issued_at = kNow + kDay;
    const auto supply = get(kNow + kDay);
    ASSERT_TRUE(supply);
    ASSERT_EQ(supply->troubles.size(), 1U);
    EXPECT_EQ(supply->troubles.front().item, Item::TcbInfo);
    EXPECT_EQ(supply->troubles.front().error.rule, "E_COLLATERAL_OLDER");
    EXPECT_TRUE(supply->bundle.texts.tcb_info.contains("Number\":7"));
    // Not even when the newer one has run out.
    vendor_.issued_at = kEnd + kDay;
    EXPECT_EQ(rule(kEnd + kDay), "E_COLLATERAL_OLDER");
    evaluation(8);
    EXPECT_EQ(rule(kEnd + kDay), "");
}

TEST_F(CollateralKeeper, DocumentsOfAnEarlierDayNeverReplaceLaterOnes) {
    vendor_.issued_at = kNow;
    ASSERT_EQ(rule(kNow), "");
    vendor_.issued_at = kNow - kDay;
    const auto supply = get(kNow + 60, true);
    ASSERT_TRUE(supply);
    EXPECT_EQ(supply->troubles.size(), 4U);
    for (const Trouble& trouble : supply->troubles)
        EXPECT_EQ(trouble.error.rule, "E_COLLATERAL_OLDER");
    EXPECT_EQ(supply->bundle.not_after, kEnd);
}

TEST_F(CollateralKeeper, AnotherProcesssNewerFileIsNotOverwritten) {
    ASSERT_EQ(rule(kNow), "");
    FakeVendor newer;
    newer.issued_at = kNow + 2 * kDay;
    Client client(newer);
    Keeper other(&client, &*cache_, {.roots = vendor_.roots()});
    ASSERT_TRUE(other.get(vendor_.request(), kNow + 2 * kDay, true));
    vendor_.issued_at = kNow + kDay;
    const auto supply = get(kNow + 2 * kDay, true);
    ASSERT_TRUE(supply);
    EXPECT_EQ(supply->troubles.size(), 4U);
    fresh_keeper(false);
    EXPECT_EQ(get(kNow + 2 * kDay)->bundle.texts.to_json(), newer.documents().to_json());
}

TEST_F(CollateralKeeper, StaleOrFutureDocumentsAreNotTaken) {
    vendor_.issued_at = kNow - 60 * kDay;
    EXPECT_EQ(rule(kNow), "E_TCBINFO_EXPIRED");
    vendor_.issued_at = kNow + 60 * kDay;
    EXPECT_EQ(rule(kNow), "E_TCBINFO_NOT_YET_VALID");
    EXPECT_TRUE(fs::is_empty(cache_->folder()));
}

TEST_F(CollateralKeeper, NothingUnverifiedReachesTheCache) {
    vendor_.bend[Item::TcbInfo] = [](net::Response& r) { r.body[40] ^= 1; };
    EXPECT_NE(rule(kNow), "");
    keeper_.emplace(&client_, &*cache_, KeeperOptions{});
    vendor_.bend.clear();
    EXPECT_EQ(rule(kNow), "E_CHAIN_ROOT_UNTRUSTED");
    EXPECT_TRUE(fs::is_empty(cache_->folder()));
}

TEST_F(CollateralKeeper, AFailureOfOneDocumentLeavesTheOthersRenewed) {
    ASSERT_EQ(rule(kNow), "");
    vendor_.issued_at = kNow + kDay;
    vendor_.bend[Item::QeIdentity] = [](net::Response& r) { r.head.status = 500; };
    const auto supply = get(kNow + kDay);
    ASSERT_TRUE(supply);
    EXPECT_EQ(supply->fetched, 3U);
    ASSERT_EQ(supply->troubles.size(), 1U);
    EXPECT_EQ(supply->troubles.front().item, Item::QeIdentity);
    EXPECT_EQ(supply->bundle.not_after, kEnd);
}

TEST_F(CollateralKeeper, DamagedCacheFilesAreFetchedAnew) {
    ASSERT_EQ(rule(kNow), "");
    for (const auto& entry : fs::directory_iterator(cache_->folder()))
        std::ofstream(entry.path()) << "garbage";
    fresh_keeper();
    EXPECT_EQ(get(kNow)->fetched, 4U);
    fresh_keeper(false);
    EXPECT_EQ(rule(kNow), "");
}

TEST_F(CollateralKeeper, ATamperedCacheFileIsNotBelieved) {
    ASSERT_EQ(rule(kNow), "");
    const std::string key = cache_key(Item::TcbInfo, vendor_.request());
    Document document = *cache_->load(Item::TcbInfo, key);
    document.text = testing::replaced(document.text, "OutOfDate", "UpToDate");
    ASSERT_TRUE(cache_->store(document, key));
    fresh_keeper(false);
    EXPECT_EQ(rule(kNow), "E_COLLATERAL_NONE");
    fresh_keeper();
    EXPECT_EQ(get(kNow)->fetched, 1U);
}

TEST_F(CollateralKeeper, AFileFromTheFutureIsDueAtOnce) {
    ASSERT_EQ(rule(kNow), "");
    const std::string key = cache_key(Item::TcbInfo, vendor_.request());
    Document document = *cache_->load(Item::TcbInfo, key);
    document.fetched_at = kNow + 400 * kDay;
    ASSERT_TRUE(cache_->store(document, key));
    fresh_keeper();
    EXPECT_EQ(get(kNow)->fetched, 1U);
}

TEST_F(CollateralKeeper, ACacheThatCannotBeWrittenIsATroubleAndNoFailure) {
    fs::create_directory(cache_->folder() / "rootcrl.json");
    const auto supply = get(kNow);
    ASSERT_TRUE(supply);
    ASSERT_EQ(supply->troubles.size(), 1U);
    EXPECT_EQ(supply->troubles.front().error.rule, "E_COLLATERAL_CACHE");
}

TEST_F(CollateralKeeper, DataSetsDoNotMix) {
    ASSERT_EQ(rule(kNow), "");
    Request early = vendor_.request();
    early.set.early = true;
    EXPECT_EQ(keeper_->get(early, kNow)->fetched, 2U);
    Request number = vendor_.request();
    number.set.number = 1;
    EXPECT_EQ(keeper_->get(number, kNow)->fetched, 2U);
    number.set.number = 2;
    EXPECT_EQ(keeper_->get(number, kNow).error().rule, "E_TCBINFO_MISMATCH");
    Request processor = vendor_.request();
    processor.platform.ca = PckCa::Processor;
    EXPECT_EQ(keeper_->get(processor, kNow).error().rule, "E_CHAIN_NAME");
}

TEST_F(CollateralKeeper, AnImportServesOfflineAndAnOlderOneIsRefused) {
    fresh_keeper(false);
    const auto imported = import_bundle(vendor_.documents().to_json(), {}, vendor_.roots(), kNow);
    ASSERT_TRUE(imported);
    ASSERT_TRUE(keeper_->put(imported->documents, vendor_.request(), kNow));
    fresh_keeper(false);
    EXPECT_EQ(rule(kNow), "");
    vendor_.issued_at = kNow - kDay;
    const auto older = import_bundle(vendor_.documents().to_json(), {}, vendor_.roots(), kNow);
    EXPECT_EQ(keeper_->put(older->documents, vendor_.request(), kNow).error().rule, "E_COLLATERAL_OLDER");
}

}  // namespace
}  // namespace lumoz::collateral

// SPDX-License-Identifier: Apache-2.0
// A full disk, a read-only disk, a disk that gives errors. Root passes permission bits, so these tests mount
// small file systems; without the right to mount they skip.
#include "store/sqlite_store.hpp"
#include "store/testing.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

namespace lumoz::store {
namespace {

using testing::append;
using testing::keyset;
using testing::record;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

/// A tmpfs of 24 MiB, or none when mounting is not permitted.
class SmallDisk : public ::testing::Test {
protected:
    void SetUp() override {
        mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=24m") == 0;
        if (!mounted_) GTEST_SKIP() << "mounting a tmpfs is not permitted here";
    }
    void TearDown() override {
        store_.reset();
        if (mounted_) ::umount(folder_.path().c_str());
    }
    void open() {
        SqliteOptions options = testing::options(folder_.path());
        options.min_free_bytes = 3 * kMiB;
        options.ballast_bytes = 7 * kMiB;
        options.upkeep_interval = std::chrono::hours(1);  // only when the test asks
        store_ = testing::with_keyset(open_sqlite_store(options, clock_));
        ASSERT_TRUE(store_);
    }
    /// Takes all but `left` bytes.
    void fill(std::uint64_t left) const {
        const std::uint64_t free = std::filesystem::space(folder_.path()).available;
        std::ofstream filler(folder_.path() / "filler", std::ios::app);
        if (free > left) filler << std::string(free - left, 'f');
    }
    void unfill() const { std::filesystem::remove(folder_.path() / "filler"); }
    [[nodiscard]] bool ballast() const { return std::filesystem::exists(folder_.path() / "store/ballast"); }

    testing::ScratchFolder folder_;
    testing::MovableClock clock_;
    std::unique_ptr<ReceiptStore> store_;
    bool mounted_ = false;
};

TEST_F(SmallDisk, BelowTheReserveNewRequestsAreRefusedAndOldOnesStillWritten) {
    open();
    EXPECT_TRUE(ballast());
    ASSERT_TRUE(store_->healthy());
    fill(2 * kMiB);
    store_->upkeep_now();
    const Status health = store_->healthy();
    ASSERT_FALSE(health);
    EXPECT_EQ(health.error().rule, "E_STORE_SPACE");
    EXPECT_EQ(health.error().where, "store.health.space");
    EXPECT_TRUE(append(*store_, record("alice", "in-flight", std::nullopt)));
    unfill();
    store_->upkeep_now();
    EXPECT_TRUE(store_->healthy());
}

TEST_F(SmallDisk, FullLosesNoAcknowledgedRecordAndRecovers) {
    open();
    fill(6 * kMiB);
    std::vector<std::string> stored;
    std::string_view rule;
    for (int i = 0; i < 20000 && rule.empty(); ++i) {
        const std::string id = "r-" + std::to_string(i);
        const Status status = append(*store_, record("alice", id, std::nullopt));
        if (status) {
            stored.push_back(id);
        } else {
            rule = status.error().rule;
        }
    }
    EXPECT_EQ(rule, "E_STORE_FULL");
    EXPECT_FALSE(ballast());  // it was given up before the first refusal
    const Status health = store_->healthy();
    ASSERT_FALSE(health);
    EXPECT_EQ(health.error().rule, "E_STORE_FULL");
    store_->upkeep_now();
    EXPECT_FALSE(store_->healthy());
    for (const std::string& id : stored) {
        const auto found = store_->find("alice", id);
        ASSERT_TRUE(found && *found) << id;
    }
    unfill();
    store_->upkeep_now();
    EXPECT_TRUE(store_->healthy()) << store_->healthy().error().detail;
    EXPECT_TRUE(ballast());
    EXPECT_TRUE(append(*store_, record("alice", "after", std::nullopt)));
    store_.reset();
    open();
    for (const std::string& id : stored) {
        const auto found = store_->find("alice", id);
        ASSERT_TRUE(found && *found) << id;
    }
}

TEST_F(SmallDisk, DeletingWorksOnAFullDisk) {
    open();
    for (int i = 0; i < 3000; ++i)
        store_->append(record("alice", "r-" + std::to_string(i), std::nullopt, clock_.time), [](auto&&) {});
    ASSERT_TRUE(append(*store_, record("alice", "last", std::nullopt, clock_.time)));
    fill(0);
    clock_.time += 40 * 24 * 3600;
    for (int round = 0; round < 30; ++round)
        store_->upkeep_now();
    EXPECT_EQ(store_->counters().deleted, 3001U);
    // The space of the rows went back to the file system, the ballast is there again.
    EXPECT_TRUE(store_->healthy()) << store_->healthy().error().detail;
    EXPECT_TRUE(ballast());
    EXPECT_TRUE(append(*store_, record("alice", "after", std::nullopt, clock_.time)));
}

TEST_F(SmallDisk, AReadOnlyDiskIsNamed) {
    open();
    ASSERT_TRUE(append(*store_, record("alice", "rcpt-1", std::nullopt)));
    store_.reset();
    ASSERT_EQ(::mount(nullptr, folder_.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
    const auto opened = open_sqlite_store(testing::options(folder_.path()), clock_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().rule, "E_STORE_READONLY");
    ASSERT_EQ(::mount(nullptr, folder_.path().c_str(), nullptr, MS_REMOUNT, "size=24m"), 0);
    open();
    const auto found = store_->find("alice", "rcpt-1");
    EXPECT_TRUE(found && *found);
}

/// Writes beyond a file size limit fail with EFBIG: an error of the disk that needs no rights to make.
TEST(FailingDisk, AnErrorWhileRunningIsToldAndPasses) {
    const testing::ScratchFolder folder;
    const testing::MovableClock clock;
    auto opened = open_sqlite_store(testing::options(folder.path()), clock);
    ASSERT_TRUE(opened);
    ReceiptStore& store = **opened;
    ASSERT_TRUE(store.put_keyset(keyset()));
    ASSERT_TRUE(append(store, record("alice", "before", std::nullopt)));

    struct rlimit old{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
    auto* handler = std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit none{4096, old.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
    const Status failed = append(store, record("alice", "during", std::nullopt));
    const Status health = store.healthy();
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
    std::signal(SIGXFSZ, handler);

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().rule, "E_STORE_IO");
    ASSERT_FALSE(health);
    EXPECT_EQ(health.error().rule, "E_STORE_IO");
    store.upkeep_now();
    EXPECT_TRUE(store.healthy());
    EXPECT_TRUE(append(store, record("alice", "after", std::nullopt)));
    EXPECT_TRUE(*store.find("alice", "before"));
    EXPECT_FALSE(*store.find("alice", "during"));
}

}  // namespace
}  // namespace lumoz::store

// SPDX-License-Identifier: Apache-2.0
#include "store/disk.hpp"

#include "store/testing.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace lumoz::store {
namespace {

TEST(Ballast, TakesRealBlocksAndGivesThemBack) {
    const testing::ScratchFolder folder;
    Ballast ballast(folder.path(), std::uint64_t{1} << 20);
    EXPECT_FALSE(ballast.present());
    ASSERT_TRUE(ballast.make());
    EXPECT_TRUE(ballast.present());
    struct stat info{};
    ASSERT_EQ(::stat((folder.path() / "ballast").c_str(), &info), 0);
    EXPECT_GE(info.st_blocks * 512, 1 << 20);
    ballast.release();
    EXPECT_FALSE(ballast.present());
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "ballast"));
}

TEST(Ballast, IsFoundAgainAfterARestart) {
    const testing::ScratchFolder folder;
    ASSERT_TRUE(Ballast(folder.path(), 65536).make());
    EXPECT_TRUE(Ballast(folder.path(), 65536).present());
    EXPECT_FALSE(Ballast(folder.path(), 131072).present());
}

TEST(Ballast, OfSizeZeroIsAlwaysThere) {
    const testing::ScratchFolder folder;
    Ballast none(folder.path(), 0);
    EXPECT_TRUE(none.present());
    none.release();
    EXPECT_TRUE(none.present());
}

TEST(Disk, FreeBytesOfAFolderThatIsNotThere) {
    const auto free = free_bytes("/nonexistent/folder");
    ASSERT_FALSE(free);
    EXPECT_EQ(free.error().rule, "E_STORE_IO");
    EXPECT_EQ(free.error().where, "store.disk.free");
}

TEST(Disk, TheFolderIsMadePrivate) {
    const testing::ScratchFolder folder;
    ASSERT_TRUE(make_directory(folder.path() / "a" / "b"));
    struct stat info{};
    ASSERT_EQ(::stat((folder.path() / "a" / "b").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U);
    ASSERT_TRUE(make_directory(folder.path() / "a" / "b"));
}

TEST(Disk, AFileInPlaceOfTheFolderIsAnError) {
    const testing::ScratchFolder folder;
    std::ofstream(folder.path() / "file") << "x";
    EXPECT_FALSE(make_directory(folder.path() / "file" / "sub"));
    const auto lock = DirectoryLock::take(folder.path() / "file");
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.error().rule, "E_STORE_IO");
}

}  // namespace
}  // namespace lumoz::store

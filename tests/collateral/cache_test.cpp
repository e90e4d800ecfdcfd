// SPDX-License-Identifier: Apache-2.0
#include "collateral/cache.hpp"

#include "tests/collateral/fake_vendor.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace lumoz::collateral {
namespace {

namespace fs = std::filesystem;

Document document() {
    return {.item = Item::TcbInfo, .chain = "c\n", .text = "{\"a\":\"\\u00e9\"}", .signature = "00", .fetched_at = 5};
}

class CollateralCache : public ::testing::Test {
protected:
    [[nodiscard]] fs::path folder() const { return scratch_.path() / "cache"; }
    static std::string rule_of(const fs::path& path) {
        const auto cache = Cache::open(path);
        return cache ? "" : std::string(cache.error().rule);
    }
    testing::Scratch scratch_;
};

TEST_F(CollateralCache, GivesBackWhatWasStored) {
    const auto cache = Cache::open(folder());
    ASSERT_TRUE(cache);
    ASSERT_TRUE(cache->store(document(), "tcb-x"));
    const auto back = cache->load(Item::TcbInfo, "tcb-x");
    ASSERT_TRUE(back);
    EXPECT_EQ(back->text, document().text);
    EXPECT_EQ(back->chain, document().chain);
    EXPECT_EQ(back->signature, "00");
    EXPECT_EQ(back->fetched_at, 5);
    EXPECT_FALSE(cache->load(Item::TcbInfo, "tcb-y"));
    EXPECT_FALSE(cache->load(Item::QeIdentity, "tcb-x"));
}

TEST_F(CollateralCache, FolderAndFilesAreForTheOwnerOnly) {
    const auto cache = Cache::open(folder());
    ASSERT_TRUE(cache->store(document(), "k"));
    struct stat info{};
    ASSERT_EQ(::stat(folder().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U);
    ASSERT_EQ(::stat((folder() / "k.json").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(CollateralCache, AFolderThatOthersMayWriteIsRefused) {
    fs::create_directory(folder());
    ASSERT_EQ(::chmod(folder().c_str(), 0777), 0);
    EXPECT_EQ(rule_of(folder()), "E_COLLATERAL_CACHE");
    ASSERT_EQ(::chmod(folder().c_str(), 0755), 0);
    EXPECT_EQ(rule_of(folder()), "");
}

TEST_F(CollateralCache, AFileOrALinkIsNoFolder) {
    std::ofstream(folder()) << "x";
    EXPECT_EQ(rule_of(folder()), "E_COLLATERAL_CACHE");
    fs::create_directory(scratch_.path() / "real");
    fs::create_directory_symlink(scratch_.path() / "real", scratch_.path() / "link");
    EXPECT_EQ(rule_of(scratch_.path() / "link"), "E_COLLATERAL_CACHE");
    EXPECT_EQ(rule_of(""), "E_COLLATERAL_CACHE");
}

TEST_F(CollateralCache, DamagedFilesAreAsGoodAsNone) {
    const auto cache = Cache::open(folder());
    const std::string good = cache_text(document(), "k");
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(read_cache_text(good.substr(0, size), Item::TcbInfo, "k")) << size;
    EXPECT_FALSE(read_cache_text(good + "x", Item::TcbInfo, "k"));
    EXPECT_FALSE(read_cache_text(testing::replaced(good, "collateral-1", "collateral-2"), Item::TcbInfo, "k"));
    EXPECT_FALSE(read_cache_text(good, Item::TcbInfo, "other"));
    EXPECT_TRUE(read_cache_text(good, Item::TcbInfo, "k"));
    std::ofstream(folder() / "k.json") << std::string("\0\xff garbage", 10);
    EXPECT_FALSE(cache->load(Item::TcbInfo, "k"));
    fs::remove(folder() / "k.json");
    fs::create_directory(folder() / "k.json");
    EXPECT_FALSE(cache->load(Item::TcbInfo, "k"));
}

TEST_F(CollateralCache, LinksAreNotFollowed) {
    const auto cache = Cache::open(folder());
    std::ofstream(scratch_.path() / "elsewhere") << cache_text(document(), "k");
    fs::create_symlink(scratch_.path() / "elsewhere", folder() / "k.json");
    EXPECT_FALSE(cache->load(Item::TcbInfo, "k"));
    // Storing replaces the link, not what it points to.
    ASSERT_TRUE(cache->store(document(), "k"));
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(folder() / "k.json")));
}

TEST_F(CollateralCache, AFailedWriteLeavesTheOldFileAndNoOther) {
    const auto cache = Cache::open(folder());
    ASSERT_TRUE(cache->store(document(), "k"));
    fs::create_directory(folder() / "dir.json");
    EXPECT_EQ(cache->store(document(), "dir").error().rule, "E_COLLATERAL_CACHE");
    EXPECT_TRUE(cache->load(Item::TcbInfo, "k"));
    for (const auto& entry : fs::directory_iterator(folder()))
        EXPECT_FALSE(entry.path().string().ends_with(".tmp"));
}

TEST_F(CollateralCache, WhatADeadWriterLeftIsRemovedAndTheNumberOfFilesIsBounded) {
    const auto cache = Cache::open(folder());
    std::ofstream(folder() / ".k.00.tmp") << "x";
    fs::last_write_time(folder() / ".k.00.tmp", fs::file_time_type::clock::now() - std::chrono::hours(2));
    for (std::size_t i = 0; i < Cache::kMaxFiles + 3; ++i)
        std::ofstream(folder() / (std::to_string(i) + ".json")) << "x";
    ASSERT_TRUE(cache->store(document(), "k"));
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(folder()))
        files += entry.is_regular_file() ? 1 : 0;
    EXPECT_EQ(files, Cache::kMaxFiles);
    EXPECT_FALSE(fs::exists(folder() / ".k.00.tmp"));
    EXPECT_TRUE(cache->load(Item::TcbInfo, "k"));
}

}  // namespace
}  // namespace lumoz::collateral

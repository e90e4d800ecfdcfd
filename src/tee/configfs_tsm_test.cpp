// SPDX-License-Identifier: Apache-2.0
#include "tee/configfs_tsm.hpp"

#include "tee/testing/fake_agent.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>

namespace lumoz::tee {
namespace {

using namespace std::chrono_literals;

/// A report folder that behaves like the kernel's, and like its bad days.
class FakeTree final : public KernelFiles {
public:
    int mkdir_error = 0;
    int mkdir_busy = 0;           ///< so many mkdir calls answer EBUSY
    int outblob_busy = 0;         ///< so many reads of outblob answer EBUSY
    int outblob_interrupted = 0;  ///< so many reads of outblob answer EINTR, in the middle
    int second_writers = 0;       ///< in so many reads of outblob somebody else writes inblob
    int early_writers = 0;  ///< so many entries are written to by somebody else before generation is read
    int outblob_error = 0;
    bool outblob_empty = false;
    bool outblob_stale = false;  ///< the quote is over other report data
    bool takes_inblob = true;
    std::size_t padding = 0;
    std::size_t most_per_read = 1 << 20;
    std::string provider = "tdx_guest\n";

    std::atomic<int> write_calls = 0;
    std::atomic<int> entries_made = 0;

    int make_dir(const std::filesystem::path& path) override {
        const std::lock_guard lock(mutex_);
        if (mkdir_error != 0) return -mkdir_error;
        if (mkdir_busy-- > 0) return -EBUSY;
        if (entries_.contains(path)) return -EEXIST;
        entries_[path] = {};
        ++entries_made;
        return 0;
    }
    int remove_dir(const std::filesystem::path& path) override {
        const std::lock_guard lock(mutex_);
        return entries_.erase(path) == 1 ? 0 : -ENOENT;
    }
    int open_read(const std::filesystem::path& path) override { return open_any(path); }
    int open_write(const std::filesystem::path& path) override { return open_any(path); }
    std::int64_t write(int fd, ByteView bytes) override {
        const std::lock_guard lock(mutex_);
        ++write_calls;
        files_.at(fd).written = to_bytes(bytes);
        return static_cast<std::int64_t>(bytes.size());
    }
    int close(int fd) override {
        const std::lock_guard lock(mutex_);
        const File file = files_.at(fd);
        files_.erase(fd);
        if (file.path.filename() == "inblob" && takes_inblob && file.written.size() == 64) {
            Entry& entry = entries_.at(file.path.parent_path());
            entry.inblob = file.written;
            ++entry.generation;
            if (early_writers > 0 && early_writers-- > 0) {
                ++entry.generation;
                entry.inblob.assign(64, 0xee);
            }
        }
        return 0;
    }
    std::int64_t read(int fd, std::span<std::uint8_t> out) override {
        std::unique_lock lock(mutex_);
        File& file = files_.at(fd);
        if (file.path.filename() == "outblob") {
            if (hang_) released_.wait(lock, [this] { return !hang_; });
            if (outblob_busy > 0 && outblob_busy-- > 0) return -EBUSY;
            if (outblob_error != 0) return -outblob_error;
            if (outblob_interrupted > 0 && file.offset > 0 && outblob_interrupted-- > 0) return -EINTR;
        }
        const Bytes content = content_of(file);
        const std::size_t n = std::min({content.size() - file.offset, out.size(), most_per_read});
        std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(file.offset), n, out.begin());
        file.offset += n;
        return static_cast<std::int64_t>(n);
    }

    void hang() {
        const std::lock_guard lock(mutex_);
        hang_ = true;
    }
    void release() {
        const std::lock_guard lock(mutex_);
        hang_ = false;
        released_.notify_all();
    }
    /// Entries and descriptors that were not given back.
    std::size_t left_over() {
        const std::lock_guard lock(mutex_);
        return entries_.size() + files_.size();
    }

private:
    struct Entry {
        Bytes inblob;
        std::uint64_t generation = 0;
    };
    struct File {
        std::filesystem::path path;
        std::size_t offset = 0;
        Bytes written;
    };

    int open_any(const std::filesystem::path& path) {
        const std::lock_guard lock(mutex_);
        if (!entries_.contains(path.parent_path())) return -ENOENT;
        files_[next_fd_] = {.path = path, .offset = 0, .written = {}};
        return next_fd_++;
    }
    Bytes content_of(const File& file) {
        Entry& entry = entries_.at(file.path.parent_path());
        const auto name = file.path.filename();
        if (name == "provider") return to_bytes(as_bytes(provider));
        if (name == "generation") return to_bytes(as_bytes(std::to_string(entry.generation) + "\n"));
        if (file.offset == 0 && second_writers > 0 && second_writers-- > 0) ++entry.generation;
        if (outblob_empty) return {};
        ReportData report_data;
        std::ranges::copy(entry.inblob, report_data.bytes.begin());
        if (outblob_stale) report_data.bytes[63] ^= 1;
        Bytes quote = testing::bare_quote(report_data);
        quote.resize(quote.size() + padding);
        return quote;
    }

    std::mutex mutex_;
    std::condition_variable released_;
    bool hang_ = false;
    std::map<std::filesystem::path, Entry> entries_;
    std::map<int, File> files_;
    int next_fd_ = 3;
};

class Configfs : public ::testing::Test {
protected:
    Result<Evidence> quote(std::chrono::milliseconds limit = 2000ms) {
        auto device = open_configfs_tsm("/tsm", limit, tree);
        if (!device) return std::unexpected(device.error());
        return (*device)->quote(asked);
    }
    std::string rule(std::chrono::milliseconds limit = 2000ms) {
        const auto evidence = quote(limit);
        return evidence ? std::string() : std::string(evidence.error().rule);
    }
    void SetUp() override { asked.bytes.fill(9); }

    std::shared_ptr<FakeTree> tree = std::make_shared<FakeTree>();
    ReportData asked;
};

TEST_F(Configfs, MakesAQuoteWithAFreshEntryAndOneWrite) {
    auto device = open_configfs_tsm("/tsm", 2000ms, tree);
    ASSERT_TRUE(device);
    EXPECT_EQ((*device)->kind(), "configfs-tsm");
    EXPECT_EQ((*device)->tee_type(), "tdx");
    const auto first = (*device)->quote(asked);
    ASSERT_TRUE(first) << first.error().detail;
    EXPECT_EQ(first->quote, testing::bare_quote(asked));
    EXPECT_EQ(first->event_log, "");
    EXPECT_EQ(tree->write_calls, 1);
    EXPECT_TRUE((*device)->quote(asked));
    EXPECT_EQ(tree->entries_made, 3);
    EXPECT_EQ(tree->left_over(), 0U);
    EXPECT_EQ((*device)->info()->info_json, "{}");
}

TEST_F(Configfs, ReadsToTheEndInShortPieces) {
    tree->most_per_read = 100;
    tree->padding = 12000;
    const auto evidence = quote();
    ASSERT_TRUE(evidence) << evidence.error().detail;
    EXPECT_EQ(evidence->quote.size(), testing::bare_quote(asked).size() + 12000);
}

TEST_F(Configfs, RetriesWhenBusy) {
    tree->mkdir_busy = 2;
    tree->outblob_busy = 3;
    EXPECT_EQ(rule(), "");
    EXPECT_EQ(tree->write_calls, 1);
    EXPECT_EQ(tree->left_over(), 0U);
}

TEST_F(Configfs, ReadsAnewAfterAnInterruptedRead) {
    tree->most_per_read = 50;
    tree->outblob_interrupted = 2;
    const auto evidence = quote();
    ASSERT_TRUE(evidence) << evidence.error().detail;
    EXPECT_EQ(evidence->quote, testing::bare_quote(asked));
}

TEST_F(Configfs, GivesUpWhenBusyUntilTheDeadline) {
    tree->outblob_busy = 1 << 20;
    // Which of the two sees the deadline first, the waiting caller or the retries, is chance.
    const std::string seen = rule(100ms);
    EXPECT_TRUE(seen == "E_TEE_TIMEOUT" || seen == "E_TEE_BUSY") << seen;
}

TEST_F(Configfs, DiscardsWhatASecondWriterDisturbed) {
    tree->second_writers = 2;
    EXPECT_EQ(rule(), "");
    EXPECT_EQ(tree->write_calls, 3);
    EXPECT_EQ(tree->left_over(), 0U);
}

TEST_F(Configfs, DiscardsWhatASecondWriterDisturbedBeforeTheFirstLook) {
    tree->early_writers = 1;
    EXPECT_EQ(rule(), "");
    EXPECT_EQ(tree->write_calls, 2);
    EXPECT_EQ(tree->left_over(), 0U);
}

TEST_F(Configfs, AWriterThatNeverStopsIsNotFollowedForEver) {
    tree->second_writers = 1 << 20;
    const std::string seen = rule(100ms);
    EXPECT_TRUE(seen == "E_TEE_TIMEOUT" || seen == "E_TEE_BUSY") << seen;
}

TEST_F(Configfs, EvidenceCarriesTheBootLog) {
    auto device = open_configfs_tsm("/tsm", 2000ms, tree, {.bytes = {1, 2}, .missing = "m"});
    ASSERT_TRUE(device);
    EXPECT_EQ((*device)->quote(asked)->cc_log, (Bytes{1, 2}));
    EXPECT_EQ((*device)->no_event_log(), "m");
}

TEST_F(Configfs, AnEmptyOutblobIsAFailure) {
    tree->outblob_empty = true;
    EXPECT_EQ(rule(), "E_TEE_EMPTY");
    EXPECT_EQ(tree->left_over(), 0U);
}

TEST_F(Configfs, RefusesAQuoteOverOtherReportData) {
    tree->outblob_stale = true;
    EXPECT_EQ(rule(), "E_TEE_REPORT_DATA");
}

TEST_F(Configfs, RefusesAQuoteThatIsTooLarge) {
    tree->padding = 65536;
    EXPECT_EQ(rule(), "E_TEE_TOO_LARGE");
    tree->padding = 65536 - testing::bare_quote(asked).size();
    EXPECT_EQ(rule(), "");
}

TEST_F(Configfs, SaysWhenTheKernelDoesNotTakeTheReportData) {
    tree->takes_inblob = false;
    EXPECT_EQ(rule(), "E_TEE_REFUSED");
    EXPECT_EQ(tree->left_over(), 0U);
}

TEST_F(Configfs, PassesOnTheKernelsErrors) {
    const std::pair<int, std::string> cases[] = {{ENXIO, "E_TEE_IO"},
                                                 {EFBIG, "E_TEE_TOO_LARGE"},
                                                 {ETIMEDOUT, "E_TEE_TIMEOUT"},
                                                 {EINVAL, "E_TEE_REFUSED"}};
    for (const auto& [error, name] : cases) {
        tree->outblob_error = error;
        EXPECT_EQ(rule(), name) << error;
    }
    EXPECT_EQ(tree->left_over(), 0U);
}

TEST_F(Configfs, AHangingHostCostsOneTimeLimitAndNoSecondRequest) {
    auto device = open_configfs_tsm("/tsm", 100ms, tree);
    ASSERT_TRUE(device);
    tree->hang();
    const auto begin = std::chrono::steady_clock::now();
    const auto first = (*device)->quote(asked);
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().rule, "E_TEE_TIMEOUT");
    const auto second = (*device)->quote(asked);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().rule, "E_TEE_BUSY");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2000ms);
    EXPECT_EQ(tree->write_calls, 1);
    tree->release();
    bool good = false;
    for (int i = 0; i < 50 && !good; ++i) {
        good = (*device)->quote(asked).has_value();
    }
    EXPECT_TRUE(good);
}

TEST_F(Configfs, TheDeviceMayGoWhileARequestHangs) {
    {
        auto device = open_configfs_tsm("/tsm", 50ms, tree);
        ASSERT_TRUE(device);
        tree->hang();
        EXPECT_FALSE((*device)->quote(asked));
    }
    tree->release();
    for (int i = 0; i < 200 && tree->left_over() != 0; ++i) {
        std::this_thread::sleep_for(5ms);
    }
    EXPECT_EQ(tree->left_over(), 0U);
}

TEST_F(Configfs, ServesNoOtherProvider) {
    tree->provider = "sev_guest\n";
    EXPECT_EQ(rule(), "E_TEE_NONE");
    tree->provider = "tdx_guest2\n";
    EXPECT_EQ(rule(), "E_TEE_NONE");
}

TEST_F(Configfs, SaysWhyThereIsNoEntry) {
    const std::pair<int, std::string> cases[] = {
        {ENXIO, "no TEE driver"}, {ENOENT, "6.7"}, {EACCES, "needs root"}, {EPERM, "needs root"}};
    for (const auto& [error, words] : cases) {
        tree->mkdir_error = error;
        const auto evidence = quote();
        ASSERT_FALSE(evidence);
        EXPECT_EQ(evidence.error().rule, "E_TEE_IO");
        EXPECT_NE(evidence.error().detail.find(words), std::string::npos) << evidence.error().detail;
    }
}

}  // namespace
}  // namespace lumoz::tee

// SPDX-License-Identifier: Apache-2.0
// kill -9 of a writing process at random moments: every record that was acknowledged is there afterwards.
#include "store/sqlite_store.hpp"
#include "store/testing.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

namespace lumoz::store {
namespace {

using testing::keyset;
using testing::record;

/// Writes until it is killed; each acknowledged number goes to `pipe`.
[[noreturn]] void write_until_killed(const SqliteOptions& options, int pipe, std::uint32_t round) {
    const testing::MovableClock clock;
    auto store = open_sqlite_store(options, clock);
    if (!store || !(*store)->put_keyset(keyset())) ::_exit(3);
    for (std::uint32_t i = 0;; ++i) {
        if (i % 64 == 0) ::usleep(200);  // groups of changing size
        const std::uint64_t number = (std::uint64_t{round} << 32) | i;
        (*store)->append(record("alice", "r-" + std::to_string(number), "c-" + std::to_string(number)),
                         [pipe, number](const Status& status) {
                             if (status && ::write(pipe, &number, sizeof number) != sizeof number) ::_exit(4);
                         });
    }
}

std::vector<std::uint64_t> read_all(int pipe) {
    std::vector<std::uint64_t> numbers;
    std::uint64_t number = 0;
    while (::read(pipe, &number, sizeof number) == sizeof number)
        numbers.push_back(number);
    return numbers;
}

TEST(StoreKill, EveryAcknowledgedRecordSurvives) {
    const testing::ScratchFolder folder;
    const SqliteOptions options = testing::options(folder.path());
    const char* wanted = std::getenv("LUMOZ_KILL_ROUNDS");
    const int rounds = wanted != nullptr ? std::atoi(wanted) : 12;
    std::mt19937 random(std::random_device{}());
    std::vector<std::uint64_t> acknowledged;
    for (int round = 0; round < rounds; ++round) {
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe(pipe.data()), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::close(pipe[0]);
            write_until_killed(options, pipe[1], static_cast<std::uint32_t>(round));
        }
        ::close(pipe[1]);
        std::uint64_t first = 0;
        ASSERT_EQ(::read(pipe[0], &first, sizeof first), static_cast<ssize_t>(sizeof first)) << "no record";
        acknowledged.push_back(first);
        // The reader must run beside the sleep, or the pipe fills and the writer stops.
        const auto wait = std::chrono::milliseconds(random() % 150);
        auto numbers = std::async(std::launch::async, read_all, pipe[0]);
        std::this_thread::sleep_for(wait);
        ::kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);
        const auto fresh = numbers.get();
        ::close(pipe[0]);
        acknowledged.insert(acknowledged.end(), fresh.begin(), fresh.end());
    }
    const testing::MovableClock clock;
    auto store = open_sqlite_store(options, clock);
    ASSERT_TRUE(store) << store.error().rule << store.error().detail;
    for (const std::uint64_t number : acknowledged) {
        const std::string id = "r-" + std::to_string(number);
        const auto found = (*store)->find("alice", id);
        ASSERT_TRUE(found && *found) << id;
        ASSERT_EQ((*found)->record.receipt_json, record("alice", id, std::nullopt).receipt_json);
    }
    std::printf("%zu acknowledged records in %d rounds\n", acknowledged.size(), rounds);
}

}  // namespace
}  // namespace lumoz::store

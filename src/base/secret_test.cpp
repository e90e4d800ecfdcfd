// SPDX-License-Identifier: Apache-2.0
#include "base/secret.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <thread>
#include <type_traits>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LUMOZ_TEST_SANITIZED true
#elif defined(__has_feature)
#define LUMOZ_TEST_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define LUMOZ_TEST_SANITIZED false
#endif

namespace lumoz {
namespace {

constexpr bool kSanitized = LUMOZ_TEST_SANITIZED;

using TestSecret = Secret<struct TestSecretTag, 32>;

static_assert(!std::is_copy_constructible_v<TestSecret>);
static_assert(!std::is_copy_assignable_v<TestSecret>);
static_assert(!std::is_move_assignable_v<TestSecret>);
static_assert(std::is_nothrow_move_constructible_v<TestSecret>);
static_assert(!std::is_default_constructible_v<TestSecret>);
static_assert(!std::equality_comparable<TestSecret>);

TestSecret make(std::uint8_t value) {
    std::array<std::uint8_t, 32> raw{};
    raw.fill(value);
    return TestSecret(raw);
}

/// The `VmFlags` line of the mapping that holds `address`; empty where the kernel does not tell.
std::string flags_of(const void* address) {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    std::ifstream maps("/proc/self/smaps");
    std::string line;
    bool inside = false;
    while (std::getline(maps, line)) {
        std::uintptr_t begin = 0, end = 0;
        char dash = 0;
        std::istringstream head(line);
        if (head >> std::hex >> begin >> dash >> end && dash == '-') inside = begin <= wanted && wanted < end;
        if (inside && line.starts_with("VmFlags:")) return line + " ";
    }
    return {};
}

TEST(Secret, WipesItsSource) {
    std::array<std::uint8_t, 32> raw{};
    raw.fill(0x5a);
    const TestSecret secret(raw);
    EXPECT_TRUE(std::ranges::all_of(raw, [](auto b) { return b == 0; }));
    EXPECT_TRUE(std::ranges::all_of(secret.expose(), [](auto b) { return b == 0x5a; }));
}

TEST(Secret, ComparesAndMoves) {
    TestSecret a = make(1);
    const TestSecret b = make(1), c = make(2);
    EXPECT_TRUE(a.equals(b));
    EXPECT_FALSE(a.equals(c));
    const TestSecret moved(std::move(a));
    EXPECT_TRUE(moved.equals(b));
}

TEST(LockedMemory, IsWipedWhenGivenBack) {
    std::uint8_t* const kept = locked_allocate(64);  // keeps the page mapped
    std::uint8_t* const memory = locked_allocate(100);
    std::ranges::fill(std::span(memory, 100), std::uint8_t{0xee});
    locked_free(memory, 100);
    EXPECT_TRUE(std::ranges::all_of(std::span(memory, 100), [](auto b) { return b == 0; }));
    locked_free(kept, 64);
}

TEST(LockedMemory, IsLockedAndLeftOutOfDumps) {
    const TestSecret secret = make(3);
    const std::string flags = flags_of(secret.expose().data());
    if (flags.empty()) GTEST_SKIP() << "this kernel shows no VmFlags";
    EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
    // The run-time libraries of sanitizers turn mlock into nothing.
    if (kSanitized) GTEST_SKIP() << "no mlock under a sanitizer";
    EXPECT_NE(flags.find(" lo "), std::string::npos) << flags;
}

TEST(LockedMemory, RunsDoNotOverlap) {
    std::vector<std::pair<std::uint8_t*, std::size_t>> runs;
    for (std::size_t i = 0; i < 200; ++i) {
        const std::size_t size = i % 7 * 97;
        runs.emplace_back(locked_allocate(size), size);
        std::ranges::fill(std::span(runs.back().first, size), static_cast<std::uint8_t>(i));
    }
    for (std::size_t i = 0; i < runs.size(); ++i) {
        for (const std::uint8_t byte : std::span(runs[i].first, runs[i].second))
            ASSERT_EQ(byte, static_cast<std::uint8_t>(i));
    }
    for (const auto& [memory, size] : runs)
        locked_free(memory, size);
}

TEST(LockedMemory, ServesWholePagesAndMore) {
    for (const std::size_t size : {4096U, 4097U, 20000U}) {
        std::uint8_t* const memory = locked_allocate(size);
        memory[size - 1] = 1;
        locked_free(memory, size);
    }
}

TEST(LockedMemory, ServesManyThreads) {
    std::vector<std::thread> threads;
    for (std::uint8_t t = 0; t < 4; ++t) {
        threads.emplace_back([t] {
            for (int i = 0; i < 200; ++i) {
                const TestSecret a = make(t), b = make(t);
                ASSERT_TRUE(a.equals(b));
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
}

TEST(LockedMemoryDeathTest, IsFencedByPagesThatFault) {
    std::uint8_t* const memory = locked_allocate(4096);
    EXPECT_DEATH(memory[4096] = 1, "");
    EXPECT_DEATH(*(memory - 1) = 1, "");
    locked_free(memory, 4096);
}

TEST(LockedMemoryDeathTest, StopsAtAForeignPointer) {
    std::array<std::uint8_t, 64> foreign{};
    EXPECT_DEATH(locked_free(foreign.data(), foreign.size()), "secret_memory");
}

}  // namespace
}  // namespace lumoz

// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lumoz::crypto {
namespace {

TEST(Random, FillsAllOfIt) {
    Bytes big(1 << 16);
    random_fill(big);
    std::array<std::size_t, 256> counts{};
    for (const std::uint8_t byte : big)
        ++counts[byte];
    // 256 expected of each; 100 lies ten standard deviations off.
    for (const std::size_t count : counts)
        EXPECT_GT(count, 100U);
    random_fill({});
}

TEST(Random, DoesNotRepeat) {
    std::set<Nonce> seen;
    for (int i = 0; i < 1000; ++i)
        seen.insert(random_fixed<Nonce>());
    EXPECT_EQ(seen.size(), 1000U);
}

}  // namespace
}  // namespace lumoz::crypto

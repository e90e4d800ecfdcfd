// SPDX-License-Identifier: Apache-2.0
// Gzip files: what comes out, and each way to be none.
#include "evidence/gzip.hpp"

#include "evidence/gzip_write.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

std::string error_of(ByteView file, std::size_t most = 100) {
    const auto got = gunzip(file, most);
    return got ? "accepted" : got.error().detail;
}

TEST(Gzip, ComesOutAsItWasPacked) {
    for (const std::size_t size : {0UL, 1UL, 16383UL, 16384UL, 16385UL, 40000UL}) {
        const Bytes content(size, 7);
        const auto got = gunzip(gzip(content), size);
        ASSERT_TRUE(got.has_value()) << size << got.error().detail;
        EXPECT_EQ(*got, content);
        if (size != 0) {
            EXPECT_EQ(error_of(gzip(content), size - 1),
                      "larger than " + std::to_string(size - 1) + " bytes");
        }
    }
}

TEST(Gzip, EachByteThatIsMissingOrChangedIsNoticed) {
    const Bytes good = gzip(Bytes{1, 2, 3, 4, 5});
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_EQ(error_of(ByteView(good).first(size)), "ends too early") << size;
    Bytes more = good;
    more.push_back(0);
    EXPECT_EQ(error_of(more), "something behind the file");
    for (const std::size_t at : {std::size_t{0}, std::size_t{2}, good.size() - 12, good.size() - 6}) {
        Bytes bent = good;
        bent[at] ^= 0x40;
        EXPECT_EQ(error_of(bent), "damaged") << at;
    }
}

TEST(Gzip, ReadsAtMost1MiB) {
    constexpr std::size_t kMost = std::size_t{1} << 20;
    EXPECT_EQ(error_of(Bytes(kMost, 0)), "damaged");
    EXPECT_EQ(error_of(Bytes(kMost + 1, 0)), "larger than 1 MiB");
}

}  // namespace
}  // namespace lumoz::evidence

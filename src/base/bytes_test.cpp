// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace lumoz {
namespace {

TEST(FixedBytes, TakesExactlyItsSize) {
    const Bytes raw(32, 7);
    const auto digest = Digest256::from(raw);
    ASSERT_TRUE(digest.has_value());
    EXPECT_TRUE(equal(digest->view(), raw));
    for (const std::size_t size : {0U, 31U, 33U, 64U}) {
        const auto bad = Digest256::from(Bytes(size, 7));
        ASSERT_FALSE(bad.has_value()) << size;
        EXPECT_EQ(bad.error().rule, "E_SIZE");
        EXPECT_EQ(bad.error().code, Errc::Malformed);
    }
}

TEST(FixedBytes, KnowsZeroAndOrder) {
    Nonce a;
    EXPECT_TRUE(a.is_zero());
    Nonce b;
    b.bytes[31] = 1;
    EXPECT_FALSE(b.is_zero());
    EXPECT_LT(a, b);
    EXPECT_NE(a, b);
}

TEST(FixedBytes, TagsDoNotMix) {
    static_assert(!std::is_convertible_v<Digest256, Nonce>);
    static_assert(!std::is_constructible_v<Nonce, Digest256>);
}

TEST(ConstantTimeEqual, AgreesWithPlainComparison) {
    const Bytes a = {1, 2, 3};
    EXPECT_TRUE(constant_time_equal(a, a));
    EXPECT_TRUE(constant_time_equal({}, {}));
    EXPECT_FALSE(constant_time_equal(a, ByteView(a).first(2)));
    for (std::size_t i = 0; i < a.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            Bytes b = a;
            b[i] = static_cast<std::uint8_t>(b[i] ^ (1U << bit));
            EXPECT_FALSE(constant_time_equal(a, b));
        }
    }
}

}  // namespace
}  // namespace lumoz

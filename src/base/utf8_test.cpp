// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace lumoz {
namespace {

TEST(Utf8, EveryScalarValueRoundTrips) {
    for (std::uint32_t code = 0; code < 0x110000; ++code) {
        if (code >= 0xd800 && code < 0xe000) continue;
        std::string text;
        append_utf8(text, code);
        ASSERT_EQ(utf8_sequence(text), text.size()) << code;
        for (std::size_t cut = 0; cut < text.size(); ++cut)
            ASSERT_EQ(utf8_sequence(std::string_view(text).substr(0, cut)), 0U) << code;
    }
}

/// Of all two- and three-byte strings, exactly the scalar values are accepted.
TEST(Utf8, CountsOfShortSequencesAreExact) {
    std::size_t two = 0, three = 0;
    for (unsigned a = 0x80; a < 0x100; ++a) {
        for (unsigned b = 0; b < 0x100; ++b) {
            const char pair[] = {static_cast<char>(a), static_cast<char>(b)};
            two += utf8_sequence({pair, 2}) == 2 ? 1U : 0U;
            for (unsigned c = 0; c < 0x100; ++c) {
                const char triple[] = {pair[0], pair[1], static_cast<char>(c)};
                three += utf8_sequence({triple, 3}) == 3 ? 1U : 0U;
            }
        }
    }
    EXPECT_EQ(two, 0x800U - 0x80U);
    EXPECT_EQ(three, 0x10000U - 0x800U - 0x800U);
}

TEST(Utf8, RefusesFourByteFormsOutOfRange) {
    EXPECT_TRUE(is_utf8("\xf0\x90\x80\x80"));
    EXPECT_TRUE(is_utf8("\xf4\x8f\xbf\xbf"));
    for (const std::string_view text : {"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
                                        "\xf0\x90\x80", "\xf0\x90\x80\xc0", "ok\x80"}) {
        EXPECT_FALSE(is_utf8(text));
    }
}

}  // namespace
}  // namespace lumoz

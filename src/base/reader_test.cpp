// SPDX-License-Identifier: Apache-2.0
#include "base/reader.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace lumoz {
namespace {

TEST(Reader, ReadsLittleEndianInOrder) {
    const Bytes raw = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
                       0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};
    Reader in(raw, "E_TEST", "test");
    EXPECT_EQ(in.le<std::uint8_t>().value(), 0x01);
    EXPECT_EQ(in.le<std::uint16_t>().value(), 0x0302);
    EXPECT_EQ(in.le<std::uint32_t>().value(), 0x07060504U);
    EXPECT_EQ(in.le<std::uint64_t>().value(), 0x0f0e0d0c0b0a0908U);
    EXPECT_EQ(in.left(), 0U);
    EXPECT_EQ(in.offset(), raw.size());
    EXPECT_TRUE(in.rest().empty());
}

TEST(Reader, NamesItsRuleAtTheEnd) {
    const Bytes raw(3);
    Reader in(raw, "E_TEST", "test.cut");
    const auto value = in.le<std::uint32_t>();
    ASSERT_FALSE(value.has_value());
    EXPECT_EQ(value.error().rule, "E_TEST");
    EXPECT_EQ(value.error().where, "test.cut");
    EXPECT_EQ(in.offset(), 0U) << "a failed read takes nothing";
    EXPECT_FALSE(in.take(std::numeric_limits<std::uint64_t>::max()).has_value());
    EXPECT_EQ(in.fixed<Digest256>().error().rule, "E_TEST");
    EXPECT_EQ(in.take(3)->size(), 3U);
    EXPECT_TRUE(in.take(0).has_value());
    EXPECT_FALSE(in.take(1).has_value());
}

}  // namespace
}  // namespace lumoz

// SPDX-License-Identifier: Apache-2.0
#include "crypto/der.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace lumoz::crypto::der {
namespace {

Bytes bytes(std::string_view hex) {
    return from_hex(hex).value();
}

TEST(Der, WalksElements) {
    const Bytes raw = bytes("3009020105040200ff0500");
    Cursor outer(raw);
    EXPECT_EQ(outer.peek(), kSequence);
    const Element sequence = outer.expect(kSequence).value();
    EXPECT_TRUE(outer.end().has_value());
    EXPECT_EQ(outer.peek(), 0);
    EXPECT_TRUE(equal(sequence.whole, raw));
    Cursor inner(sequence.content);
    EXPECT_EQ(to_uint(inner.expect(kInteger)->content).value(), 5U);
    const auto wrong = inner.expect(kInteger);
    EXPECT_EQ(wrong.error().rule, "E_DER");
    EXPECT_EQ(wrong.error().detail, "offset 3: want tag 2, have 4");
    EXPECT_TRUE(equal(inner.next()->content, bytes("00ff")));
    EXPECT_EQ(inner.end().error().where, "der.end");
    EXPECT_TRUE(inner.expect(kNull)->content.empty());
    EXPECT_TRUE(inner.done());
    EXPECT_EQ(inner.next().error().rule, "E_DER");
    EXPECT_EQ(inner.expect(kNull).error().rule, "E_DER");
}

TEST(Der, RefusesEveryOtherEncoding) {
    for (const std::string_view hex :
         {"04", "0401", "30800000", "0480", "048100", "04817f", "048200ff", "04820080", "0483008000",
          "048400000080", "048501000000000", "0484ffffffff00", "0485000000000100", "1f8101", "3f2003020100",
          "bf8101", "0000", "00"}) {
        std::string padded(hex);
        if (padded.size() % 2 != 0) padded += '0';
        Bytes raw = bytes(padded);
        const auto element = Cursor(raw).next();
        ASSERT_FALSE(element.has_value()) << hex;
        EXPECT_EQ(element.error().rule, "E_DER");
    }
}

/// Lengths around each border, written and read; and each made longer than it must be.
TEST(Der, LengthsAreMinimal) {
    for (const std::size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 65535U, 65536U}) {
        const Bytes content(size, 0x5a);
        const Bytes raw = element(kOctetString, content);
        Cursor cursor(raw);
        ASSERT_TRUE(equal(cursor.next()->content, content));
        EXPECT_TRUE(cursor.done());
        Bytes cut = raw;
        cut.pop_back();
        EXPECT_FALSE(Cursor(cut).next().has_value());
    }
    EXPECT_EQ(to_hex(ByteView(element(kOctetString, Bytes(128))).first(3)), "048180");
    EXPECT_EQ(to_hex(ByteView(element(kOctetString, Bytes(256))).first(4)), "04820100");
    EXPECT_EQ(to_hex(ByteView(element(kOctetString, Bytes(65536))).first(5)), "0483010000");
}

TEST(Der, IntegersAreMinimalAndPositive) {
    constexpr std::pair<std::string_view, std::uint64_t> kGood[] = {{"00", 0},
                                                                    {"7f", 127},
                                                                    {"0080", 128},
                                                                    {"00ffffffffffffffff", UINT64_MAX},
                                                                    {"7fffffffffffffff", INT64_MAX}};
    for (const auto& [hex, value] : kGood) {
        EXPECT_EQ(to_uint(bytes(hex)).value(), value);
        EXPECT_EQ(integer(value), element(kInteger, bytes(hex)));
    }
    for (const std::string_view hex :
         {"", "80", "ff", "0000", "007f", "010000000000000000", "00ffffffffffffffff00"}) {
        const auto value = to_uint(bytes(hex));
        ASSERT_FALSE(value.has_value()) << hex;
        EXPECT_EQ(value.error().rule, "E_DER");
    }
    EXPECT_EQ(to_hex(integer(bytes("000000ff"))), "020200ff");
    EXPECT_EQ(to_hex(integer(ByteView{})), "020100");
    EXPECT_EQ(to_hex(integer(bytes("0000"))), "020100");
}

TEST(Der, ReadsTimes) {
    const auto read = [](std::uint8_t tag, std::string_view text) {
        return to_time(Element{tag, as_bytes(text), as_bytes(text)});
    };
    EXPECT_EQ(read(kUtcTime, "700101000000Z").value(), 0);
    EXPECT_EQ(read(kUtcTime, "491231235959Z").value(), 2524607999);
    EXPECT_EQ(read(kUtcTime, "991231235959Z").value(), 946684799);
    EXPECT_EQ(read(kGeneralizedTime, "20500101000000Z").value(), 2524608000);
    EXPECT_EQ(read(kGeneralizedTime, "99991231235959Z").value(), 253402300799);
    constexpr std::pair<std::uint8_t, std::string_view> kBad[] = {{kUtcTime, "7001010000Z"},
                                                                  {kUtcTime, "700101000000"},
                                                                  {kUtcTime, "700101000000+"},
                                                                  {kUtcTime, "690101000000Z"},
                                                                  {kUtcTime, "260229000000Z"},
                                                                  {kUtcTime, "261301000000Z"},
                                                                  {kUtcTime, "20260101000000Z"},
                                                                  {kUtcTime, "70010100000-Z"},
                                                                  {kUtcTime, "260101000000z"},
                                                                  {kUtcTime, "260101240000Z"},
                                                                  {kUtcTime, "260101000060Z"},
                                                                  {kUtcTime, ""},
                                                                  {kGeneralizedTime, "260101000000Z"},
                                                                  {kGeneralizedTime, "20260101000000.0Z"},
                                                                  {kGeneralizedTime, "2026010100Z"},
                                                                  {kGeneralizedTime, "20260101000000+0000"},
                                                                  {kGeneralizedTime, "99991332235959Z"},
                                                                  {kOctetString, "260101000000Z"}};
    for (const auto& [tag, text] : kBad) {
        const auto time = read(tag, text);
        ASSERT_FALSE(time.has_value()) << text;
        EXPECT_EQ(time.error().rule, "E_DER");
    }
}

TEST(Der, WritesTimesInTheFormOfTheirYear) {
    EXPECT_EQ(as_text(ByteView(time(2524607999)).subspan(2)), "491231235959Z");
    EXPECT_EQ(as_text(ByteView(time(2524608000)).subspan(2)), "20500101000000Z");
    for (const std::int64_t t : {std::int64_t{0}, std::int64_t{1700000000}, std::int64_t{253402300799}}) {
        const Bytes raw = time(t);
        EXPECT_EQ(to_time(Cursor(raw).next().value()).value(), t);
    }
}

/// X.690 8.19 and the object identifiers of RFC 5480.
TEST(Der, WritesObjectIdentifiers) {
    EXPECT_EQ(to_hex(oid("2.999.3")), "0603883703");
    EXPECT_EQ(to_hex(oid("1.2.840.113549")), "06062a864886f70d");
    EXPECT_EQ(to_hex(oid("1.2.840.10045.2.1")), "06072a8648ce3d0201");
    EXPECT_EQ(to_hex(oid("1.2.840.10045.3.1.7")), "06082a8648ce3d030107");
    EXPECT_EQ(to_hex(oid("2.5.29.15")), "0603551d0f");
}

TEST(Der, WritesTheSmallTypes) {
    EXPECT_EQ(to_hex(boolean(true)), "0101ff");
    EXPECT_EQ(to_hex(boolean(false)), "010100");
    EXPECT_EQ(to_hex(bit_string(bytes("ab"))), "030200ab");
    EXPECT_EQ(to_hex(octet_string(bytes("ab"))), "0401ab");
    EXPECT_EQ(to_hex(utf8("é")), "0c02c3a9");
    EXPECT_EQ(to_hex(context(3, integer(1))), "a303020101");
    EXPECT_EQ(to_hex(sequence({integer(1), set({boolean(true)})})),
              "3008020101"
              "31030101ff");
}

}  // namespace
}  // namespace lumoz::crypto::der

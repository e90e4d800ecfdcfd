// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace lumoz {
namespace {

TEST(Hex, RoundTripsEveryByte) {
    Bytes all(256);
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = static_cast<std::uint8_t>(i);
    const std::string text = to_hex(all);
    EXPECT_EQ(text.substr(0, 8), "00010203");
    EXPECT_TRUE(is_lower_hex(text));
    EXPECT_EQ(from_hex(text).value(), all);
}

TEST(Hex, AcceptsEitherCase) {
    EXPECT_EQ(from_hex("aBCdeF09").value(), (Bytes{0xab, 0xcd, 0xef, 0x09}));
    EXPECT_FALSE(is_lower_hex("aB"));
    EXPECT_TRUE(from_hex("").value().empty());
}

TEST(Hex, RefusesWhatIsNotHex) {
    for (const std::string_view text : {"a", "abc", "0x00", "0g", "g0", " 00", "00 ", "\xff\xff", "-1"}) {
        const auto bytes = from_hex(text);
        ASSERT_FALSE(bytes.has_value()) << text;
        EXPECT_EQ(bytes.error().rule, "E_HEX");
    }
    EXPECT_EQ(from_hex("00z0").error().detail, "offset 2");
}

TEST(Hex, FixedHasItsSize) {
    EXPECT_TRUE(fixed_from_hex<EthAddress>(std::string(40, 'a')).has_value());
    EXPECT_EQ(fixed_from_hex<EthAddress>(std::string(42, 'a')).error().rule, "E_SIZE");
    EXPECT_EQ(fixed_from_hex<EthAddress>(std::string(40, 'x')).error().rule, "E_HEX");
}

/// RFC 4648 section 10.
TEST(Base64, GivesTheAnswersOfTheRfc) {
    constexpr std::pair<std::string_view, std::string_view> kCases[] = {{"", ""},
                                                                        {"f", "Zg=="},
                                                                        {"fo", "Zm8="},
                                                                        {"foo", "Zm9v"},
                                                                        {"foob", "Zm9vYg=="},
                                                                        {"fooba", "Zm9vYmE="},
                                                                        {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : kCases) {
        EXPECT_EQ(to_base64(as_bytes(plain)), coded);
        EXPECT_EQ(as_text(from_base64(coded).value()), plain);
        std::string url(coded);
        std::erase(url, '=');
        EXPECT_EQ(to_base64url(as_bytes(plain)), url);
        EXPECT_EQ(as_text(from_base64url(url).value()), plain);
    }
}

TEST(Base64, AlphabetsDiffer) {
    const Bytes raw = {0xfb, 0xff, 0xbf};
    EXPECT_EQ(to_base64(raw), "+/+/");
    EXPECT_EQ(to_base64url(raw), "-_-_");
    EXPECT_FALSE(from_base64("-_-_").has_value());
    EXPECT_FALSE(from_base64url("+/+/").has_value());
}

TEST(Base64, RefusesEveryOtherForm) {
    for (const std::string_view text : {"Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zh==", "Zm9=", "Zm 9v",
                                        "Zm9v\n", "Zm9v=", "Zm9vZg==Zg==", "Z=g=", "Zg=v", "Zm9\xc3"}) {
        const auto bytes = from_base64(text);
        ASSERT_FALSE(bytes.has_value()) << text;
        EXPECT_EQ(bytes.error().rule, "E_BASE64");
    }
    for (const std::string_view text : {"Z", "Zg==", "Zh", "Zm9", "Zm9vY", "Zm9v ", "Zm=v"}) {
        const auto bytes = from_base64url(text);
        ASSERT_FALSE(bytes.has_value()) << text;
        EXPECT_EQ(bytes.error().rule, "E_BASE64");
    }
}

TEST(Base64, RoundTripsEveryLength) {
    Bytes raw;
    for (unsigned i = 0; i < 200; ++i) {
        EXPECT_EQ(from_base64(to_base64(raw)).value(), raw);
        EXPECT_EQ(from_base64url(to_base64url(raw)).value(), raw);
        raw.push_back(static_cast<std::uint8_t>(i * 37 + 200));
    }
}

}  // namespace
}  // namespace lumoz

// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"
#include "base/testing.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstdio>

namespace lumoz::json {
namespace {

std::string number(double value) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.17g", value);
    return canonical(text.data()).value();
}

/// RFC 8785 appendix B.
TEST(Jcs, NumbersAreThoseOfTheRfc) {
    constexpr std::pair<std::uint64_t, std::string_view> kCases[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
    };
    for (const auto& [bits, text] : kCases)
        EXPECT_EQ(number(std::bit_cast<double>(bits)), text);
}

TEST(Jcs, NumbersReadBackAsTheSameDouble) {
    std::uint64_t bits = 0x9e3779b97f4a7c15;
    for (int i = 0; i < 20000; ++i) {
        bits = bits * 6364136223846793005 + 1442695040888963407;
        const auto value = std::bit_cast<double>(bits);
        if (!(value - value == 0)) continue;
        const std::string text = number(value);
        ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
        ASSERT_EQ(canonical(text).value(), text);
    }
}

TEST(Jcs, RefusesNumbersBeyondADouble) {
    for (const std::string_view text : {"1e309", "-1e309", "1e400", "1e99999999999999999999", "1.8e308"}) {
        EXPECT_EQ(canonical(text).error().rule, "E_JSON") << text;
    }
    EXPECT_EQ(canonical("1e-400").value(), "0");
    EXPECT_EQ(canonical("-1e-99999999999999999999").value(), "0");
    EXPECT_EQ(canonical("0e99999999999999999999").value(), "0");
    const std::string zeros(400, '0');
    EXPECT_EQ(canonical("0." + zeros + "1e401").value(), "1");
    EXPECT_EQ(canonical("1" + zeros + "e-400").value(), "1");
    EXPECT_FALSE(canonical("1" + zeros).has_value());
}

TEST(Jcs, SortsByUtf16Units) {
    // U+E000 and U+FFFF sort behind U+10000, whose UTF-16 form begins with d800.
    EXPECT_EQ(canonical(R"({"\uffff":1,"\ue000":2,"\ud800\udc00":3,"\ud7ff":4,"a":5,"":6,"aa":7})").value(),
              "{\"\":6,\"a\":5,\"aa\":7,\"\xed\x9f\xbf\":4,\"\xf0\x90\x80\x80\":3,\"\xee\x80\x80\":2,"
              "\"\xef\xbf\xbf\":1}");
}

TEST(Jcs, IsIdempotent) {
    const std::string once = canonical(R"( {"b":[1.0,2e0,{"z":"\u00e9","y":"\u007f"}],"a":{}} )").value();
    EXPECT_EQ(once, "{\"a\":{},\"b\":[1,2,{\"y\":\"\x7f\",\"z\":\"\xc3\xa9\"}]}");
    EXPECT_EQ(canonical(once).value(), once);
}

TEST(Jcs, SharedVectors) {
    const auto dir = testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors";
    const std::string text = testing::read_file(*dir / "api/aci/jcs.json");
    const auto document = Document::parse(text);
    ASSERT_TRUE(document.has_value()) << document.error().detail;
    const auto cases = document->root().find("cases")->elements();
    ASSERT_FALSE(cases.empty());
    for (const Value& entry : cases) {
        const std::string input = *entry.find("input")->as_string();
        const auto form = canonical(input);
        ASSERT_TRUE(form.has_value()) << *entry.find("id")->as_string();
        EXPECT_EQ(*form, *entry.find("canonical")->as_string()) << *entry.find("id")->as_string();
    }
}

}  // namespace
}  // namespace lumoz::json

// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <gtest/gtest.h>

namespace lumoz::json {
namespace {

std::string reason(std::string_view text, const Limits& limits = {}) {
    const auto document = Document::parse(text, limits);
    if (document) return "accepted";
    EXPECT_EQ(document.error().rule, "E_JSON");
    EXPECT_EQ(document.error().code, Errc::Malformed);
    return document.error().detail;
}

TEST(Json, ReadsEveryKind) {
    const std::string_view text =
        R"( { "s" : "x" , "i":-12, "d":1.5e1,"t":true,"f":false,"n":null,"a":[1,[],{}]} )";
    const auto document = Document::parse(text);
    ASSERT_TRUE(document.has_value()) << document.error().detail;
    const Value root = document->root();
    EXPECT_EQ(root.size(), 7U);
    EXPECT_EQ(root.find("s")->as_string(), "x");
    EXPECT_EQ(root.find("i")->as_int(), -12);
    EXPECT_EQ(root.find("d")->as_double(), 15.0);
    EXPECT_EQ(root.find("t")->as_bool(), true);
    EXPECT_EQ(root.find("f")->as_bool(), false);
    EXPECT_TRUE(root.find("n")->is_null());
    EXPECT_FALSE(root.find("missing").has_value());
    EXPECT_FALSE(root.find("s")->find("x").has_value());
    const auto elements = root.find("a")->elements();
    ASSERT_EQ(elements.size(), 3U);
    EXPECT_EQ(elements[0].as_int(), 1);
    EXPECT_TRUE(elements[1].is_array());
    EXPECT_TRUE(elements[2].is_object());
    EXPECT_TRUE(elements[2].members().empty());
    EXPECT_TRUE(root.elements().empty());
}

TEST(Json, RemembersWhereValuesStood) {
    const std::string_view text = R"(  {"a": [1, {"b": "\u0041"} ] , "c":2})";
    const auto document = Document::parse(text).value();
    const Value b = *document.root().find("a")->elements()[1].find("b");
    EXPECT_EQ(b.raw(), R"("\u0041")");
    EXPECT_EQ(text.substr(b.offset(), b.raw().size()), b.raw());
    EXPECT_EQ(b.as_string(), "A");
    EXPECT_EQ(document.root().raw(), text.substr(2));
    EXPECT_EQ(document.root().find("a")->raw(), R"([1, {"b": "\u0041"} ])");
    const auto members = document.root().members();
    ASSERT_EQ(members.size(), 2U);
    EXPECT_EQ(members[1].name, "c");
    EXPECT_EQ(members[1].value.raw(), "2");
}

TEST(Json, KindsDoNotConvert) {
    const auto document = Document::parse(R"(["1",1,true,null])").value();
    const auto e = document.root().elements();
    EXPECT_FALSE(e[0].as_int().has_value());
    EXPECT_FALSE(e[0].as_double().has_value());
    EXPECT_FALSE(e[1].as_string().has_value());
    EXPECT_FALSE(e[1].as_bool().has_value());
    EXPECT_FALSE(e[2].as_int().has_value());
    EXPECT_FALSE(e[3].as_bool().has_value());
    EXPECT_EQ(e[3].size(), 0U);
}

TEST(Json, IntegersAreExact) {
    const auto as_int = [](std::string_view text) { return Document::parse(text).value().root().as_int(); };
    EXPECT_EQ(as_int("9223372036854775807"), INT64_MAX);
    EXPECT_EQ(as_int("-9223372036854775808"), INT64_MIN);
    EXPECT_EQ(as_int("0"), 0);
    for (const std::string_view text :
         {"9223372036854775808", "-9223372036854775809", "-0", "1.0", "1e0", "1E2"})
        EXPECT_FALSE(as_int(text).has_value()) << text;
}

TEST(Json, RefusesWhatIsNotJson) {
    for (const std::string_view text : {"",
                                        " ",
                                        "nul",
                                        "nulll",
                                        "True",
                                        "+1",
                                        "01",
                                        "-",
                                        "-a",
                                        "1.",
                                        ".5",
                                        "1e",
                                        "1e+",
                                        "0x1",
                                        "1 2",
                                        "[",
                                        "]",
                                        "[1",
                                        "[1,",
                                        "[1,]",
                                        "[,1]",
                                        "[1 2]",
                                        "[1}",
                                        "{",
                                        "}",
                                        "{1:2}",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{,}",
                                        "{\"a\" 1}",
                                        "{\"a\":1 \"b\":2}",
                                        "{\"a\":1]",
                                        "\"",
                                        "\"\\\"",
                                        "\"\\x\"",
                                        "\"\\u12\"",
                                        "\"\\u12g4\"",
                                        "\"\\U0041\"",
                                        "\"a\nb\"",
                                        "\"\t\"",
                                        "'a'",
                                        "[1]]",
                                        "{}{}",
                                        "// c\n1",
                                        "[1]\v",
                                        "NaN",
                                        "Infinity",
                                        "-Infinity",
                                        "\xef\xbb\xbf{}",
                                        "\xff",
                                        "\"\xff\"",
                                        "\"\xc0\xaf\"",
                                        "\"\xed\xa0\x80\"",
                                        "\"\xf4\x90\x80\x80\"",
                                        "\"\xe2\x82\"",
                                        "\"\\ud800\"",
                                        "\"\\udc00\"",
                                        "\"\\ud800\\u0041\"",
                                        "\"\\ud800x\"",
                                        "\"\\ud800\\ud800\"",
                                        "\"\\udc00\\ud800\""}) {
        EXPECT_NE(reason(text), "accepted") << text;
    }
    EXPECT_NE(reason(std::string_view("1\0", 2)), "accepted");
    EXPECT_NE(reason(std::string_view("\"\0\"", 3)), "accepted");
    EXPECT_NE(reason(std::string_view("\"\\\0\"", 4)), "accepted");
}

TEST(Json, TellsWhereAndWhy) {
    EXPECT_EQ(reason("[1, x]"), "offset 4: value expected");
    EXPECT_EQ(reason("{\"a\":1,\"a\":2}"), "offset 7: duplicate member name");
    EXPECT_EQ(reason("\"ab\xff\""), "offset 3: invalid UTF-8");
    EXPECT_EQ(reason("[1] x"), "offset 4: something behind the document");
    EXPECT_EQ(reason("01"), "offset 1: leading zero");
}

TEST(Json, EveryCutIsRefused) {
    const std::string_view text = R"({"key":"v\u00e9\ud83d\ude00 )"
                                  "\xe2\x82\xac"
                                  R"(","n":[-1.5e+3,true,null,{"x":{}}],"f":false})";
    ASSERT_EQ(reason(text), "accepted");
    for (std::size_t cut = 0; cut < text.size(); ++cut)
        ASSERT_NE(reason(text.substr(0, cut)), "accepted") << cut;
}

TEST(Json, UnescapesStrings) {
    const auto document =
        Document::parse(R"("\"\\\/\b\f\n\r\t\u0041\u00E9\u20ac\uD83D\ude00\u0000")").value();
    EXPECT_EQ(document.root().as_string(),
              std::string("\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0", 19));
}

/// Every control and special byte at every place of the eight that are looked at together.
TEST(Json, LooksAtEveryByteOfAString) {
    for (std::size_t place = 0; place < 24; ++place) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            std::string text = "\"" + std::string(24, 'a') + "\"";
            text[1 + place] = static_cast<char>(byte);
            const bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            EXPECT_EQ(reason(text) == "accepted", plain) << place << " " << byte;
        }
    }
}

TEST(Json, DuplicateNamesAreComparedUnescaped) {
    EXPECT_EQ(reason(R"({"a":1,"\u0061":2})"), "offset 7: duplicate member name");
    EXPECT_NE(reason(R"({"\ud83d\ude00":1,"😀":2})"), "accepted");
    EXPECT_NE(reason(R"({"":1,"":2})"), "accepted");
    EXPECT_EQ(reason(R"({"a":{"a":1},"b":{"a":1}})"), "accepted");
    EXPECT_EQ(reason(R"({"a":1,"A":2,"a ":3,"ab":4})"), "accepted");
    EXPECT_NE(reason(R"([{"x":{"k":[1,2,{"q":1}],"k":0}}])"), "accepted");
}

std::string many_members(std::size_t count) {
    std::string text = "{";
    for (std::size_t i = 0; i < count; ++i)
        text += "\"member" + std::to_string(i * 7919 % count) + "\":[{}],";
    text.back() = '}';
    return text;
}

TEST(Json, DuplicateNamesAreFoundInObjectsOfEverySize) {
    for (std::size_t count = 2; count < 40; ++count) {
        std::string text = many_members(count);
        ASSERT_EQ(reason(text), "accepted");
        for (const std::string_view twin : {"\"member0\"", "\"m\\u0065mber1\""}) {
            std::string bad = text;
            bad.back() = ',';
            bad += std::string(twin) + ":0}";
            ASSERT_NE(reason(bad).find("duplicate"), std::string::npos) << count;
        }
    }
}

TEST(Json, AHundredThousandMembersAreNotQuadratic) {
    const Limits limits{.max_bytes = std::size_t{1} << 24};
    const std::string text = many_members(100000);
    const auto document = Document::parse(text, limits);
    ASSERT_TRUE(document.has_value()) << document.error().detail;
    EXPECT_EQ(document->root().size(), 100000U);
}

TEST(Json, DepthIsBounded) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_EQ(reason(nested(16)), "accepted");
    EXPECT_EQ(reason(nested(17)), "offset 16: nested too deep");
    EXPECT_EQ(reason("[[],[],{}]", {.max_depth = 2}), "accepted") << "closed ones count no more";
    EXPECT_EQ(reason("1", {.max_depth = 0}), "accepted");
    EXPECT_EQ(reason("[]", {.max_depth = 0}), "offset 0: nested too deep");
    EXPECT_EQ(reason(nested(256), {.max_depth = 1000000}), "accepted");
    EXPECT_EQ(reason(nested(257), {.max_depth = 1000000}), "offset 256: nested too deep");
}

TEST(Json, NumbersBeyondADoubleAreOnlyForTextsThatArePassedOn) {
    EXPECT_NE(reason("1e400", {}), "accepted");
    EXPECT_EQ(reason("[1e400,-1E+999]", {.any_number = true}), "accepted");
    EXPECT_NE(reason("1e", {.any_number = true}), "accepted");
    EXPECT_NE(reason("01", {.any_number = true}), "accepted");
    const auto document = json::Document::parse("1e400", {.any_number = true});
    ASSERT_TRUE(document);
    EXPECT_EQ(document->root().raw(), "1e400");
    EXPECT_FALSE(document->root().as_double());
}

TEST(Json, SizeIsBounded) {
    EXPECT_EQ(reason("[1]", {.max_bytes = 3}), "accepted");
    EXPECT_EQ(reason("[1]", {.max_bytes = 2}), "offset 0: text too large");
}

TEST(Json, SurvivesBeingMoved) {
    auto first = Document::parse(R"({"a":[1,2]})").value();
    const Document second = std::move(first);
    EXPECT_EQ(second.root().find("a")->elements()[1].as_int(), 2);
}

}  // namespace
}  // namespace lumoz::json

// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace lumoz::json {
namespace {

TEST(JsonWriter, SetsCommas) {
    Writer w;
    w.object().key("a").string("b").key("n").integer(-7).key("l").array();
    w.integer(1).boolean(false).null().object().end().array().end().raw("{\"x\":0}").end();
    w.key("e").object().end().end();
    EXPECT_EQ(std::move(w).text(), R"({"a":"b","n":-7,"l":[1,false,null,{},[],{"x":0}],"e":{}})");
}

TEST(JsonWriter, WritesSingleValues) {
    EXPECT_EQ(std::move(Writer().integer(std::numeric_limits<std::int64_t>::min())).text(),
              "-9223372036854775808");
    EXPECT_EQ(std::move(Writer().array().end()).text(), "[]");
}

TEST(JsonWriter, WritesWhatTheReaderReads) {
    std::string every;
    for (char c = 0x01; c < 0x7f; ++c)
        every += c;
    every += '\x7f';
    every += '\0';
    every += "\xc3\xbc\xf0\x9f\x98\x80";
    Writer w;
    w.object().key(every).string(every).end();
    const std::string text = std::move(w).text();
    const auto document = Document::parse(text);
    ASSERT_TRUE(document.has_value()) << document.error().detail;
    EXPECT_EQ(document->root().find(every)->as_string(), every);
}

TEST(JsonWriter, EscapesAsLittleAsItMay) {
    EXPECT_EQ(quoted("\"\\/\b\f\n\r\t\x01\x1f\x7f\xc2\x80"),
              "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc2\x80\"");
}

TEST(JsonWriterDeathTest, StopsAtMisuse) {
    EXPECT_DEATH(Writer().end(), "");
    EXPECT_DEATH((void)std::move(Writer().object()).text(), "");
    EXPECT_DEATH(Writer().object().key("a").end(), "");
}

}  // namespace
}  // namespace lumoz::json

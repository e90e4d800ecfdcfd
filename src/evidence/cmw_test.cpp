// SPDX-License-Identifier: Apache-2.0
// Conceptual message wrappers: each member bent, what types and labels may be, ceilings. Shared vectors are
// in documents_test.cpp.
#include "evidence/cmw.hpp"

#include "evidence/testing/json_bends.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

using testing::Dump;
using Records = std::vector<CmwRecord>;

Dump dump(const Records& records) {
    Dump out;
    for (const CmwRecord& record : records)
        out.add("record", record.label + " " + record.type + " " + to_hex(record.value) + " " +
                              (record.ind ? std::to_string(*record.ind) : "-"));
    return out;
}

std::string error_of(std::string_view text) {
    const auto got = parse_cmw(text);
    return got ? "accepted" : std::string(got.error().rule) + " " + got.error().detail;
}

TEST(CmwReader, EachMemberBent) {
    testing::expect_json_bends<Records>(
        "cmw", R"({"__cmwc_t":"tag:a.b,2026:c","a":["x/y","AQI",4],"b":{"c":["z/w","AQ"]}})", parse_cmw,
        dump);
}

TEST(CmwReader, ARecordAloneHasNoLabel) {
    const auto got = parse_cmw(R"(["x/y","AQI",31])");
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(dump(*got).lines(), std::vector<std::string>{"record= x/y 0102 31"});
    EXPECT_EQ(error_of("[]"), "E_CMW_RECORD record: not 2 or 3 elements");
    EXPECT_EQ(error_of(R"({"a":[]})"), "E_CMW_RECORD a: not 2 or 3 elements");
    EXPECT_EQ(error_of("{"), "E_CMW_FORMAT offset 1: member name expected");
    EXPECT_EQ(error_of(R"({"a":1,"a":2})"), "E_CMW_COLLECTION offset 7: duplicate member name");
}

TEST(CmwReader, AMediaTypeIsTwoWordsOfPrintableAscii) {
    const auto error = [](std::string_view type) { return error_of("[" + json::quoted(type) + ",\"AQ\"]"); };
    for (const std::string_view good : {"a/b", "!/~", "a/b;c=/ d"})
        EXPECT_EQ(error(good), "accepted") << good;
    for (const std::string_view bad :
         {"", "a", "/b", "a/", "a/;b", "a/b/c", "a /b", "a/b\x7f", "a/\xc3\xa9", ";a/b"})
        EXPECT_EQ(error(bad), "E_CMW_TYPE record: not a media type") << bad;
}

TEST(CmwReader, TheTypeOfACollectionIsAUriOrAnOid) {
    const auto error = [](std::string_view type) {
        return error_of(R"({"__cmwc_t":)" + json::quoted(type) + R"(,"a":["x/y","AQ"]})");
    };
    for (const std::string_view good : {"a:b", "1.2.3", "0", "9", "tag:1"})
        EXPECT_EQ(error(good), "accepted") << good;
    for (const std::string_view bad : {"", "ab", ":b", ":", "1/2", "1.a", "/", "1x"})
        EXPECT_EQ(error(bad), "E_CMW_COLLECTION record: __cmwc_t") << bad;
}

TEST(CmwReader, IndicatorsAre1To31AndValuesNotEmpty) {
    EXPECT_EQ(error_of(R"(["x/y","AQ",1])"), "accepted");
    EXPECT_EQ(error_of(R"(["x/y","AQ",31])"), "accepted");
    EXPECT_EQ(error_of(R"(["x/y","AQ",0])"), "E_CMW_IND record: not 1 to 31");
    EXPECT_EQ(error_of(R"(["x/y","AQ",32])"), "E_CMW_IND record: not 1 to 31");
    EXPECT_EQ(error_of(R"(["x/y",""])"), "E_CMW_VALUE record: not Base64 or empty");
}

TEST(CmwReader, HasCeilings) {
    const std::string record = R"(["x/y","AQ"])";
    EXPECT_EQ(error_of(R"({"a":{"b":{"c":)" + record + "}}}"), "accepted") << "four deep";
    EXPECT_EQ(error_of(R"({"a":{"b":{"c":{"d":)" + record + "}}}}"), "E_CMW_LIMIT a/b/c/d: too deep");
    std::string many = R"({"0":)" + record;
    for (int i = 1; i < 64; ++i)
        many += ",\"" + std::to_string(i) + "\":" + record;
    EXPECT_EQ(error_of(many + "}"), "accepted");
    EXPECT_EQ(error_of(many + ",\"x\":" + record + "}"), "E_CMW_LIMIT x: too many records");
}

TEST(CmwWriter, WritesTheIndicatorAndTheProvider) {
    const Records records = {{"a", "x/y", {1}, 4}, {"b", "x/y", {2}, std::nullopt}};
    EXPECT_EQ(cmw_collection("a:b", records), R"({"__cmwc_t":"a:b","a":["x/y","AQ",4],"b":["x/y","Ag"]})");
    EXPECT_EQ(tsm_report_json("tdx_guest", Bytes{1}), R"({"outblob":"AQ==","provider":"tdx_guest"})");
}

TEST(CmwQuote, ComesOutOfEitherAlphabet) {
    const auto quote = [](std::string_view report) {
        const auto got = quote_from_tsm_report(as_bytes(report));
        return got ? to_hex(*got) : got.error().detail;
    };
    EXPECT_EQ(quote(R"({"outblob":"+/8="})"), "fbff");
    EXPECT_EQ(quote(R"({"outblob":"-_8"})"), "fbff");
    EXPECT_EQ(quote(R"({"outblob":"?"})"), "cpu0: outblob is not Base64");
    EXPECT_EQ(quote(R"({"outblob":7})"), "cpu0: no outblob");
    EXPECT_EQ(quote("{}"), "cpu0: no outblob");
    EXPECT_EQ(quote("{"), "cpu0: not JSON");
}

}  // namespace
}  // namespace lumoz::evidence

// SPDX-License-Identifier: Apache-2.0
// The verdict itself: what a failure, a finding and an appended part do to it, and its JSON form.
#include "base/json.hpp"
#include "verify/verdict.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

Error error(Errc code, std::string_view rule = "E_X", std::string detail = "d") {
    return {code, rule, "x.where", std::move(detail)};
}

TEST(VerdictRule, TheFirstFailureDecides) {
    const struct {
        Errc code;
        VerdictResult result;
        int exit;
        std::string_view word;
    } rows[] = {{Errc::Refused, VerdictResult::Reject, 10, "reject"},
                {Errc::Unsupported, VerdictResult::Unsupported, 20, "unsupported"},
                {Errc::Malformed, VerdictResult::Malformed, 30, "malformed"}};
    for (const auto& row : rows) {
        Verdict v;
        EXPECT_EQ(v.result(), VerdictResult::Accept);
        EXPECT_TRUE(v.accepted());
        EXPECT_EQ(v.exit_code(), 0);
        EXPECT_FALSE(v.error().has_value());
        EXPECT_TRUE(v.check("a", "first", {}));
        EXPECT_FALSE(v.check("b", "second", std::unexpected(error(row.code))));
        v.fail("c", "third", error(row.code, "E_LATER"));
        EXPECT_EQ(v.result(), row.result);
        EXPECT_FALSE(v.accepted());
        EXPECT_EQ(v.exit_code(), row.exit);
        EXPECT_EQ(v.error()->rule, "E_X");
        EXPECT_EQ(to_text(v.result()), row.word);
    }
    EXPECT_EQ(to_text(VerdictResult::Accept), "accept");
}

TEST(VerdictRule, WhatIsOnlyUnsupportedGivesWayToARefusal) {
    for (const Errc code : {Errc::Refused, Errc::Malformed}) {
        Verdict v;
        v.fail("a", "first", error(Errc::Unsupported, "E_FIRST"));
        v.fail("b", "second", error(code, "E_SECOND"));
        v.fail("c", "third", error(Errc::Refused, "E_THIRD"));
        EXPECT_EQ(v.error()->rule, "E_SECOND");
    }
    Verdict v;
    v.fail("a", "first", error(Errc::Unsupported, "E_FIRST"));
    EXPECT_EQ(v.result(), VerdictResult::Unsupported);
    v.add_findings({{"P_A", "a"}});
    EXPECT_EQ(v.result(), VerdictResult::Reject);
    EXPECT_EQ(v.error()->rule, "P_A");
}

TEST(VerdictRule, AFindingRejectsAndFindingsAreSorted) {
    Verdict v;
    v.add_findings({{"P_B", "b"}, {"P_A", "a"}});
    v.add_findings({});
    EXPECT_EQ(v.result(), VerdictResult::Reject);
    EXPECT_EQ(v.exit_code(), 10);
    EXPECT_EQ(v.error()->rule, "P_A");
    EXPECT_EQ(v.error()->where, "policy");
    EXPECT_EQ(v.error()->detail, "a");
    v.fail("r", "w", error(Errc::Malformed));
    EXPECT_EQ(v.error()->rule, "E_X") << "a failure goes before findings";
}

TEST(VerdictRule, NotCheckedIsSaidOnceAndAFactHasOneValue) {
    Verdict v;
    v.not_checked("N_A", "x");
    v.not_checked("N_A", "x");
    v.not_checked("N_A", "y");
    v.not_checked("N_B", "x");
    EXPECT_EQ(v.not_checked().size(), 3U);
    v.establish("one", "1");
    v.establish("two", "2");
    v.establish("one", "3");
    EXPECT_EQ(v.established("one"), "3");
    EXPECT_EQ(v.established("two"), "2");
    EXPECT_FALSE(v.established("three").has_value());
}

Verdict part() {
    Verdict v;
    v.check("p", "part", std::unexpected(error(Errc::Refused, "E_PART")));
    v.add_findings({{"P_PART", "found"}});
    v.not_checked("N_PART", "n");
    v.establish("fact", "7");
    v.set_simulated(true);
    return v;
}

TEST(VerdictRule, AnAppendedPartBringsEverything) {
    Verdict v;
    v.append(part());
    EXPECT_EQ(v.error()->rule, "E_PART");
    EXPECT_EQ(v.rules().size(), 1U);
    EXPECT_EQ(v.not_checked().size(), 1U);
    EXPECT_EQ(v.established("fact"), "7");
    EXPECT_TRUE(v.simulated());
    v.append(Verdict());
    EXPECT_TRUE(v.simulated());
    EXPECT_EQ(v.error()->rule, "E_PART");
    Verdict failed;
    failed.fail("f", "first", error(Errc::Refused, "E_FIRST"));
    failed.append(part());
    EXPECT_EQ(failed.error()->rule, "E_FIRST");
    EXPECT_FALSE(Verdict().simulated());
}

TEST(VerdictRule, TheJsonFormHoldsEverything) {
    Verdict v;
    v.pass("a", "first", "why");
    v.append(part());
    v.not_reached("z", "last");
    v.establish_text("text", "a\"b");
    const std::string text = v.to_json();
    const auto document = json::Document::parse(text, {.max_bytes = 65536, .max_depth = 16});
    ASSERT_TRUE(document.has_value());
    EXPECT_EQ(
        text,
        R"({"result":"reject","error":"E_PART","where":"x.where","detail":"d","simulated":true,"fact":7,)"
        R"("text":"a\"b","findings":["P_PART"],"objections":[{"code":"P_PART","what":"found"}],)"
        R"("not_checked":[{"code":"N_PART","what":"n"}],"rules":[{"id":"a","what":"first","outcome":"pass",)"
        R"("detail":"why"},{"id":"p","what":"part","outcome":"fail","error":"E_PART","detail":"d"},)"
        R"({"id":"z","what":"last","outcome":"not_reached"}]})");
    EXPECT_EQ(Verdict().to_json(), R"({"result":"accept","simulated":false,"findings":[],"objections":[],)"
                                   R"("not_checked":[],"rules":[]})");
}

TEST(VerdictRule, AnErrorNamesItsByteInOneFormOnly) {
    const auto offset = [](std::string detail) {
        return byte_offset(error(Errc::Malformed, "E_X", std::move(detail)));
    };
    EXPECT_EQ(offset("offset 7: why"), 7U);
    EXPECT_EQ(offset("offset 18446744073709551615:"), 18446744073709551615U);
    for (const char* other :
         {"", "offset 7", "offset 7; why", "offset : why", "offset x: why", "offset -1: why",
          "at offset 7: why", "offset 18446744073709551616: why", "offset "})
        EXPECT_FALSE(offset(other)) << other;
}

TEST(VerdictRule, AnErrorAloneAsJson) {
    EXPECT_EQ(error_json(error(Errc::Malformed)),
              R"({"result":"error","error":"E_X","where":"x.where","detail":"d"})");
    EXPECT_EQ(error_json(error(Errc::Malformed, "E_X", "offset 7: d")),
              R"({"result":"error","error":"E_X","where":"x.where","detail":"offset 7: d","offset":7})");
    Verdict v;
    v.fail("a", "first", error(Errc::Malformed, "E_X", "offset 7: d"));
    EXPECT_NE(v.to_json().find(R"("detail":"offset 7: d","offset":7,"simulated":false)"), std::string::npos);
}

}  // namespace
}  // namespace lumoz::verify

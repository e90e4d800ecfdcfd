// SPDX-License-Identifier: Apache-2.0
#include "app/output/report.hpp"

#include <gtest/gtest.h>

namespace lumoz::app {
namespace {

using verify::Verdict;

const Style kPlain(false);

Verdict good() {
    Verdict v;
    v.pass("tdx.1", "The quote can be read");
    v.pass("tdx.2", "The chain ends in an accepted root");
    v.pass("report.nonce", "The nonce is the one that was sent");
    v.establish_text("tcb_status", "UpToDate");
    v.establish("verification_ms", "2.50");
    v.not_checked("N_GPU", "There is no GPU in the evidence");
    return v;
}

Verdict bad() {
    Verdict v = good();
    v.fail("report.binding", "The quote binds the report",
           Error{Errc::Refused, "E_BINDING", "report.binding", "other key"});
    v.not_reached("report.keyset", "The keyset is the bound one");
    return v;
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

TEST(VerdictText, FirstLineIsTheVerdict) {
    EXPECT_EQ(first_line(verdict_text(good(), "http://a", false, kPlain)), "VERIFIED  http://a");
    EXPECT_EQ(first_line(verdict_text(bad(), "http://a", false, kPlain)), "REFUSED  http://a  E_BINDING");
}

TEST(VerdictText, SimulatedStandsOnTheFirstLine) {
    Verdict v = good();
    v.set_simulated(true);
    EXPECT_TRUE(first_line(verdict_text(v, "x", true, kPlain)).starts_with("VERIFIED SIMULATED"));
    Verdict refused = bad();
    refused.set_simulated(true);
    EXPECT_TRUE(first_line(verdict_text(refused, "x", true, kPlain)).starts_with("REFUSED SIMULATED"));
}

TEST(VerdictText, ListsOneLinePerRule) {
    const std::string text = verdict_text(bad(), "x", false, kPlain);
    for (const char* id : {"tdx.1", "tdx.2", "report.nonce", "report.binding", "report.keyset"})
        EXPECT_NE(text.find(id), std::string::npos) << id;
    EXPECT_NE(text.find("E_BINDING: other key"), std::string::npos);
}

TEST(VerdictText, FoldCountsPerGroupAndKeepsWhatFailed) {
    const std::string text = verdict_text(bad(), "x", true, kPlain);
    EXPECT_EQ(text.find("tdx.1"), std::string::npos);
    EXPECT_NE(text.find("2 rules hold"), std::string::npos);
    EXPECT_NE(text.find("1 rule holds, 1 refused, 1 not reached"), std::string::npos);
    EXPECT_NE(text.find("report.binding"), std::string::npos);
}

TEST(VerdictText, NamesWhatWasNotCheckedAlsoWhenGood) {
    EXPECT_NE(verdict_text(good(), "x", true, kPlain).find("N_GPU"), std::string::npos);
}

TEST(VerdictText, TimesStandApartFromFacts) {
    const std::string text = verdict_text(good(), "x", true, kPlain);
    EXPECT_NE(text.find("2.50 ms  verification"), std::string::npos);
    EXPECT_EQ(text.find("verification_ms"), std::string::npos);
}

TEST(VerdictText, PlatformDetailsWaitForExplain) {
    Verdict v = good();
    v.establish_text("ppid", "aabb");
    v.establish("models", R"([{"model_root":"sha256:ab","name":"m"}])");
    v.establish("served_at", "1750000000");
    const std::string brief = verdict_text(v, "x", true, kPlain);
    EXPECT_EQ(brief.find("ppid"), std::string::npos);
    EXPECT_NE(brief.find("sha256:ab m\n"), std::string::npos);
    EXPECT_NE(brief.find("2025-06-15T15:06:40Z"), std::string::npos);
    EXPECT_NE(verdict_text(v, "x", false, kPlain).find("ppid"), std::string::npos);
}

TEST(VerdictText, PlainStyleHasNoEscapes) {
    EXPECT_EQ(verdict_text(bad(), "x", false, kPlain).find('\x1b'), std::string::npos);
    EXPECT_NE(verdict_text(bad(), "x", false, Style(true)).find('\x1b'), std::string::npos);
}

TEST(VerdictText, ControlCharactersOfOthersAreHarmless) {
    Verdict v = good();
    v.establish_text("model", "evil\x1b[2Jname");
    EXPECT_EQ(verdict_text(v, "a\x1b[2J", false, kPlain).find('\x1b'), std::string::npos);
}

// A service chooses its model's name and its error texts: they must not look like lines of the verdict.
TEST(VerdictText, TextsOfOthersCannotBeginALine) {
    const std::string forged = "x\nVERIFIED  https://a\n  ok    answer.1";
    Verdict v = bad();
    v.establish_text("models", forged);
    v.fail("answer.complete", "the answer is complete",
           Error{Errc::Refused, "E_ANSWER_CUT", "answer", forged});
    v.add_findings({{"P_MODEL", forged}});
    const std::string text = verdict_text(v, forged, false, kPlain);
    EXPECT_EQ(text.find("\nVERIFIED"), std::string::npos) << text;
    EXPECT_EQ(text.find("\n  ok    answer.1"), std::string::npos) << text;
    EXPECT_EQ(facts_text(v, forged, kPlain).find("\nVERIFIED"), std::string::npos);
    const std::string error = error_text({Errc::Io, "E_SERVICE", "cli.service", forged}, kPlain);
    EXPECT_EQ(error.find("\nVERIFIED"), std::string::npos);
}

TEST(VerdictText, FindingsOfThePolicyAreListed) {
    Verdict v = good();
    v.add_findings({{"P_MEASUREMENT", "mr_td is not allowed"}});
    const std::string text = verdict_text(v, "x", true, kPlain);
    EXPECT_EQ(first_line(text), "REFUSED  x  P_MEASUREMENT");
    EXPECT_NE(text.find("mr_td"), std::string::npos);
}

TEST(ErrorJson, IsOneDocumentWithTheRule) {
    const std::string text = error_json({Errc::Io, "E_FILE", "app.file", "x: \"no\""});
    const auto document = json::Document::parse(std::string_view(text).substr(0, text.size() - 1));
    ASSERT_TRUE(document);
    EXPECT_EQ(document->root().find("result")->as_string(), "error");
    EXPECT_EQ(document->root().find("error")->as_string(), "E_FILE");
}

TEST(ErrorText, SaysInWordsWhatACodeDoesNot) {
    const std::string text =
        error_text({Errc::Io, "E_NET_REFUSED", "net.stream.connect", "http://a:"}, kPlain);
    EXPECT_EQ(text, "lumoz: http://a: — nobody listens there (E_NET_REFUSED at net.stream.connect)\n");
}

TEST(FactsJson, HasFactsAndWhatWasNotChecked) {
    const std::string text = facts_json(good());
    const auto document = json::Document::parse(std::string_view(text).substr(0, text.size() - 1));
    ASSERT_TRUE(document);
    EXPECT_EQ(document->root().find("result")->as_string(), "ok");
    EXPECT_EQ(document->root().find("tcb_status")->as_string(), "UpToDate");
    EXPECT_EQ(document->root().find("not_checked")->size(), 1u);
}

TEST(Printable, KeepsTextAndReplacesControls) {
    EXPECT_EQ(printable("Grüße\n\t✓"), "Grüße\n\t✓");
    EXPECT_EQ(printable("a\x1b[0m\x7f\r"), "a?[0m??");
    EXPECT_EQ(printable("a\xc2\x9b"
                        "b"),
              "a?b");
}

TEST(PrintableLine, ReplacesLineEndsAndChangesOfDirection) {
    EXPECT_EQ(printable_line("a\nb\tc"), "a?b?c");
    EXPECT_EQ(printable_line("a\u2028b\u202ec\u2066d"), "a?b?c?d");
    EXPECT_EQ(printable_line("\u2026 \u2713 \u20ac"), "\u2026 \u2713 \u20ac");
}

}  // namespace
}  // namespace lumoz::app

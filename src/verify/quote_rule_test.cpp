// SPDX-License-Identifier: Apache-2.0
// `verify quote` as one call: the forms of a quote's file, the policy, and the event log beside it.
#include "base/testing.hpp"
#include "verify/quote.hpp"
#include "verify/test_bends.hpp"
#include "verify/test_service.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using testing::mentions;
using testing::Service;
using testing::tee;

Trust demand() {
    Trust out;
    out.roots.also_accept(tee().root_pin());
    out.now = testing::kNow;
    out.policy.allow_unknown_measurement = true;
    return out;
}

std::string error_of(const Verdict& verdict) {
    const auto error = verdict.error();
    return error ? std::string(error->rule) : "accepted";
}

TEST(QuoteRule, AFileIsHexOrTheBytesThemselves) {
    const auto read = [](std::string_view text) { return *quote_bytes(as_bytes(text)); };
    const Bytes raw = {0x04, 0x0a, 0xfF, 0x90};
    EXPECT_EQ(read("040aff90"), raw);
    EXPECT_EQ(read("0x040AFF90"), raw);
    EXPECT_EQ(read(" \t\r\n040aFf90\n"), raw);
    for (const std::string_view other : {"", " ", "04 0a", "0x", "0g", "0G", "0/", "0:", "0@", "0`"})
        EXPECT_EQ(read(other), to_bytes(as_bytes(other))) << other;
    EXPECT_FALSE(quote_bytes(as_bytes("040")).has_value());
    EXPECT_EQ(*quote_bytes(raw), raw);
}

TEST(QuoteRule, AcceptsAndSaysWhatNoPolicyNames) {
    const Service s;
    const Bytes quote = tee().quote(s.td);
    const std::string collateral = tee().collateral().to_json();
    const QuoteVerdict got = verify_quote(quote, collateral, std::nullopt, demand());
    EXPECT_EQ(error_of(got.verdict), "accepted") << got.verdict.to_json();
    EXPECT_TRUE(got.tdx.has_value());
    EXPECT_FALSE(got.log.has_value());
    EXPECT_TRUE(got.verdict.simulated());
    EXPECT_TRUE(mentions(got.verdict, "N_MEASUREMENT"));
    EXPECT_TRUE(mentions(got.verdict, "N_REVOCATION_DATE"));
    Trust named = demand();
    named.policy = *Policy::parse(R"({"mr_td":[")" + to_hex(Bytes(48, 0x4d)) + R"("]})");
    const QuoteVerdict known = verify_quote(quote, collateral, std::nullopt, named);
    EXPECT_EQ(error_of(known.verdict), "accepted");
    EXPECT_FALSE(mentions(known.verdict, "N_MEASUREMENT"));
    named.policy = *Policy::parse(R"({"mr_td":[")" + to_hex(Bytes(48, 0x4e)) + R"("]})");
    EXPECT_EQ(error_of(verify_quote(quote, collateral, std::nullopt, named).verdict), "P_MEASUREMENT");
    EXPECT_EQ(error_of(verify_quote(quote, "{}", std::nullopt, demand()).verdict), "E_COLLATERAL_PARSE");
    const QuoteVerdict cut = verify_quote(ByteView(quote).first(100), collateral, std::nullopt, demand());
    EXPECT_EQ(error_of(cut.verdict), "E_QUOTE_TRUNCATED");
    EXPECT_FALSE(cut.tdx.has_value());
}

TEST(QuoteRule, AnEventLogIsReplayedAgainstTheQuote) {
    const Service s;
    const Bytes quote = tee().quote(s.td);
    const std::string collateral = tee().collateral().to_json();
    const auto with = [&](std::string_view log, const Bytes& of) {
        return verify_quote(of, collateral, as_bytes(log), demand());
    };
    const std::string log = " \t\r\n" + evidence::to_json(s.events);
    const QuoteVerdict got = with(log, quote);
    EXPECT_EQ(error_of(got.verdict), "accepted");
    ASSERT_TRUE(got.log.has_value());
    EXPECT_EQ(got.log->form(), "dstack");
    EXPECT_EQ(got.log->registers()[3].events.size(), 2U);
    EXPECT_EQ(got.log->registers()[3].replay, s.td.rtmr[3]);
    EXPECT_EQ(got.log->registers()[3].quote, s.td.rtmr[3]);
    EXPECT_FALSE(got.log->registers()[3].differs());
    const QuoteVerdict other = with("[]", quote);
    EXPECT_EQ(other.verdict.error()->rule, "E_RTMR_MISMATCH");
    EXPECT_EQ(other.verdict.error()->where, "eventlog.replay");
    EXPECT_EQ(other.verdict.error()->detail, "differs in RTMR 3");
    EXPECT_TRUE(other.log->registers()[3].differs());
    EXPECT_FALSE(other.log->registers()[2].differs());
    const QuoteVerdict unreadable = with("[1]", quote);
    EXPECT_EQ(error_of(unreadable.verdict), "E_EVENTLOG_PARSE");
    EXPECT_FALSE(unreadable.log.has_value());
    EXPECT_EQ(unreadable.verdict.rules().back().outcome, Outcome::NotReached);
    EXPECT_EQ(error_of(with("x", quote).verdict), "E_EVENTLOG_TRUNCATED")
        << "neither a list nor a binary log";
    EXPECT_EQ(error_of(with("", quote).verdict), "E_EVENTLOG_PARSE");
    const QuoteVerdict alone = with(log, Bytes(10, 0));
    EXPECT_TRUE(alone.log.has_value());
    EXPECT_EQ(alone.verdict.rules().back().outcome, Outcome::NotReached);
    EXPECT_FALSE(alone.log->registers()[3].quote.has_value());
}

TEST(QuoteRule, AFileMayBeADocumentAroundTheQuote) {
    const auto read = [](std::string_view text) {
        const auto raw = quote_bytes(as_bytes(text));
        return raw ? to_hex(*raw) : std::string(raw.error().rule);
    };
    EXPECT_EQ(read(R"({"intel_quote":"040a"})"), "040a");
    EXPECT_EQ(read(R"( {"quote":"0x040a"} )"), "040a");
    EXPECT_EQ(read(R"({"quote":"040b","intel_quote":"040a"})"), "040a");
    EXPECT_EQ(read(R"({"quote":"040b","intel_quote":7})"), "040b");
    for (const std::string_view text : {"{", "{}", R"({"quote":7})", R"(["040a"])", R"("040a")"})
        EXPECT_EQ(read(text), to_hex(as_bytes(text))) << text;
    EXPECT_EQ(read("7"), "E_HEX");
}

TEST(QuoteRule, CollateralMayStandInAReport) {
    const Service s;
    const Bytes quote = tee().quote(s.td);
    const std::string collateral = tee().collateral().to_json();
    const auto error = [&](const std::string& text) {
        return error_of(verify_quote(quote, text, std::nullopt, demand()).verdict);
    };
    EXPECT_EQ(error(R"({"collateral":)" + collateral + "}"), "accepted");
    EXPECT_EQ(error(R"({"collateral":{}})"), "E_COLLATERAL_PARSE");
    EXPECT_EQ(error("{"), "E_COLLATERAL_PARSE");
    EXPECT_EQ(verify_quote(quote, "{", std::nullopt, demand()).verdict.error()->where, "collateral.json");
}

TEST(QuoteRule, WhatIsSaidBesideTheSteps) {
    testing::Approved approved("quote_remarks");
    const Service s;
    const Bytes quote = tee().quote(s.td);
    const std::string collateral = tee().collateral().to_json();
    const auto with = [&](const char* policy) {
        Trust trust = demand();
        trust.policy = *Policy::parse(policy);
        return testing::said(verify_quote(quote, collateral, std::nullopt, trust).verdict);
    };
    const testing::Said good = with("{}");
    approved.whole("as it is", good);
    const std::string ids = R"(["a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"]})";
    const std::string report_data = R"({"report_data":")" + std::string(128, '0') + "\"}";
    for (const std::string& policy : {R"({"allow_ppid":)" + ids, R"({"allow_piid":)" + ids, report_data})
        approved.line(policy.substr(0, 20), testing::difference(good, with(policy.c_str())));
}

/// An SGX quote has no registers and needs no event log.
TEST(QuoteRule, AnEnclaveHasNoEventLog) {
    const auto vectors = lumoz::testing::vectors_dir();
    if (!vectors) GTEST_SKIP() << "no shared vectors";
    const auto file = [&](const char* name) { return lumoz::testing::read_file(*vectors / "tdx" / name); };
    Trust trust = demand();
    trust.roots.also_accept(
        evidence::Certificate::parse(as_bytes(file("roots/synthetic-root-ca.der")))->spki_digest());
    trust.now = *parse_rfc3339("2026-01-15T00:00:00Z");
    const QuoteVerdict got =
        verify_quote(as_bytes(file("quotes/syn/ok-certtype1.bin")),
                     file("collateral/syn/certtype1-without-pceid.json"), std::nullopt, trust);
    ASSERT_TRUE(got.tdx.has_value()) << got.verdict.to_json();
    EXPECT_FALSE(got.tdx->quote().is_tdx());
    EXPECT_FALSE(mentions(got.verdict, "N_EVENT_LOG"));
    const QuoteVerdict none =
        verify_quote(Bytes{1}, file("collateral/syn/certtype1-without-pceid.json"), std::nullopt, trust);
    EXPECT_FALSE(mentions(none.verdict, "N_EVENT_LOG"));
}

}  // namespace
}  // namespace lumoz::verify

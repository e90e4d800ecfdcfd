// SPDX-License-Identifier: Apache-2.0
#include "verify/report.hpp"

#include "verify/test_service.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace lumoz::verify {
namespace {

using testing::demand;
using testing::document;
using testing::error_of;
using testing::kNow;
using testing::mentions;
using testing::nonce_of;
using testing::Service;
using testing::tee;

TEST(Report, AcceptsEachFormAndSaysWhatItProves) {
    const Service s;
    using Form = evidence::BindingForm;
    for (const Form form : {Form::Plain, Form::Tls, Form::Lumoz}) {
        const ReportVerdict got = verify_report(document(s.members(nonce_of(9), form)), demand());
        ASSERT_EQ(error_of(got), "accepted") << got.verdict.to_json();
        EXPECT_EQ(got.report->form(), form);
        EXPECT_EQ(got.report->ecdsa_address(), s.ecdsa.address());
        EXPECT_EQ(got.report->nonce(), nonce_of(9));
        EXPECT_EQ(got.report->keyset().has_value(), form == Form::Lumoz);
        EXPECT_EQ(got.report->tls_keys().size(), form == Form::Plain ? 0U : 1U);
        EXPECT_EQ(mentions(got.verdict, "N_MODEL"), form != Form::Lumoz);
        EXPECT_TRUE(got.verdict.simulated());
        EXPECT_TRUE(mentions(got.verdict, "N_GPU"));
        EXPECT_TRUE(mentions(got.verdict, "N_MEASUREMENT"));
        EXPECT_EQ(got.verdict.exit_code(), 0);
    }
}

TEST(Report, TheSimulatedRootIsRefusedUnlessNamed) {
    ReportDemand without = demand();
    without.roots = RootPins();
    const Service s;
    const auto got = verify_report(document(s.members(nonce_of(9), evidence::BindingForm::Lumoz)), without);
    EXPECT_EQ(error_of(got), "E_CHAIN_ROOT_UNTRUSTED");
    EXPECT_FALSE(got.report.has_value());
    EXPECT_EQ(got.verdict.rules().back().outcome, Outcome::NotReached);
}

TEST(Report, AnUnknownMeasurementIsAFindingUnlessAllowed) {
    const Service s;
    const std::string text = document(s.members(nonce_of(9), evidence::BindingForm::Lumoz));
    ReportDemand strict = demand();
    strict.policy = Policy{};
    const auto got = verify_report(text, strict);
    EXPECT_EQ(error_of(got), "P_MEASUREMENT");
    EXPECT_TRUE(got.report.has_value());
    EXPECT_EQ(got.verdict.exit_code(), 10);
    EXPECT_TRUE(got.verdict.established("models").has_value());
    strict.policy = *Policy::parse(R"({"mr_seam":[")" + to_hex(Bytes(48, 0)) + R"("]})");
    EXPECT_EQ(error_of(verify_report(text, strict)), "P_MEASUREMENT") << "the module is no program";
    strict.policy = *Policy::parse(R"({"mr_td":[")" + to_hex(Bytes(48, 0x4d)) + R"("]})");
    EXPECT_EQ(error_of(verify_report(text, strict)), "accepted");
    strict.policy = *Policy::parse(R"({"mr_td":[")" + to_hex(Bytes(48, 0x4e)) + R"("]})");
    EXPECT_EQ(error_of(verify_report(text, strict)), "P_MEASUREMENT");
}

TEST(Report, PolicyDemandsGpuAndModel) {
    const Service s;
    const std::string text = document(s.members(nonce_of(9), evidence::BindingForm::Lumoz));
    ReportDemand d = demand();
    d.policy.require_gpu = true;
    EXPECT_EQ(error_of(verify_report(text, d)), "P_GPU_MISSING");
    d = demand();
    d.policy.model_root = {s.statement.models[0].model_root};
    EXPECT_EQ(error_of(verify_report(text, d)), "accepted");
    d.policy.model_root = {evidence::sha256_text(Digest256())};
    EXPECT_EQ(error_of(verify_report(text, d)), "P_MODEL");
    const std::string plain = document(s.members(nonce_of(9), evidence::BindingForm::Plain));
    EXPECT_EQ(error_of(verify_report(plain, d)), "P_MODEL");
}

struct Bend {
    const char* what;
    evidence::BindingForm form;
    std::function<void(Service::Members&)> bend;
    const char* error;
};

TEST(Report, RefusesEachBentMemberByName) {
    using Form = evidence::BindingForm;
    using Members = Service::Members;
    const Service s;
    const std::string zeros = json::quoted("0x" + std::string(40, '0'));
    const std::string other_digest = json::quoted(evidence::sha256_text(Digest256()));
    const Bend bends[] = {
        {"no quote", Form::Plain, [](Members& m) { m.erase("intel_quote"); }, "E_REPORT_PARSE"},
        {"quote not hex", Form::Plain, [](Members& m) { m["intel_quote"] = "\"zz\""; }, "E_REPORT_PARSE"},
        {"no collateral", Form::Plain, [](Members& m) { m.erase("collateral"); }, "E_REPORT_COLLATERAL"},
        {"bad collateral", Form::Plain, [](Members& m) { m["collateral"] = "{}"; }, "E_COLLATERAL_PARSE"},
        {"address of another", Form::Plain,
         [&](Members& m) { m["signing_address"] = json::quoted("0x" + std::string(40, '1')); }, "E_BINDING"},
        {"zero address", Form::Plain, [&](Members& m) { m["signing_address"] = zeros; }, "E_BINDING"},
        {"address too short", Form::Plain, [](Members& m) { m["signing_address"] = "\"0x12\""; },
         "E_REPORT_MEMBER"},
        {"algorithm", Form::Plain, [](Members& m) { m["signing_algo"] = "\"rsa\""; }, "E_REPORT_MEMBER"},
        {"public key of another", Form::Plain,
         [](Members& m) { m["signing_public_key"] = json::quoted(std::string(128, '1')); },
         "E_REPORT_MEMBER"},
        {"nonce stated differently", Form::Plain,
         [](Members& m) { m["request_nonce"] = json::quoted(to_hex(nonce_of(8).view())); }, "E_BINDING"},
        {"fingerprint not bound", Form::Plain,
         [](Members& m) { m["tls_cert_fingerprint"] = json::quoted(std::string(64, '2')); },
         "E_REPORT_MEMBER"},
        {"fingerprint of another", Form::Tls,
         [](Members& m) { m["tls_cert_fingerprint"] = json::quoted(std::string(64, '2')); }, "E_BINDING"},
        {"statement changed", Form::Lumoz, [](Members& m) { m["statement"].insert(2, " "); }, "E_BINDING"},
        {"signing key not in the statement", Form::Lumoz,
         [](Members& m) { m["signing_address"] = json::quoted("0x" + std::string(40, '1')); },
         "E_REPORT_MEMBER"},
        {"statement names another nonce", Form::Lumoz,
         [](Members& m) { m["request_nonce"] = json::quoted(to_hex(nonce_of(8).view())); }, "E_STATEMENT"},
        {"keyset digest", Form::Lumoz, [&](Members& m) { m["keyset_digest"] = other_digest; }, "E_STATEMENT"},
        {"config digest", Form::Lumoz,
         [](Members& m) { m["config_sha256"] = json::quoted(std::string(64, '0')); }, "E_STATEMENT"},
        {"models other than bound", Form::Lumoz, [](Members& m) { m["models"] = "[]"; }, "E_STATEMENT"},
        {"keys other than bound", Form::Lumoz, [](Members& m) { m["v1_keys"] = "{}"; }, "E_STATEMENT"},
        {"no keyset", Form::Lumoz, [](Members& m) { m.erase("keyset"); }, "E_KEYSET"},
        {"keyset not JSON of the form", Form::Lumoz, [](Members& m) { m["keyset"] = "{}"; }, "E_KEYSET"},
        {"keyset changed", Form::Lumoz,
         [](Members& m) { m["keyset"].replace(m["keyset"].find("receipt-1"), 9, "receipt-2"); }, "E_KEYSET"},
        {"event missing", Form::Lumoz, [](Members& m) { m["event_log"] = "[]"; }, "E_RTMR_MISMATCH"},
        {"event log unreadable", Form::Lumoz, [](Members& m) { m["event_log"] = "[1]"; }, "E_EVENTLOG_PARSE"},
        {"compose changed", Form::Lumoz,
         [](Members& m) { m["info"] = R"({"tcb_info":{"app_compose":"x"}})"; }, "E_COMPOSE"},
        {"GPU evidence", Form::Lumoz, [](Members& m) { m["nvidia_payload"] = R"("{}")"; }, "E_GPU_UNCHECKED"},
    };
    for (const Bend& b : bends) {
        Members members = s.members(nonce_of(9), b.form);
        b.bend(members);
        EXPECT_EQ(error_of(verify_report(document(members), demand())), b.error) << b.what;
    }
}

TEST(Report, TheFirmwaresLogCountsWhereThereIsNoOther) {
    const Service s;
    // The first record alone, and with one that extends RTMR0, which the test's TD left at zero.
    const std::string first =
        "AQAAAAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACEAAABTcGVjIElEIEV2ZW50MDMAAAAAAAACAAIBAAAADAAwAA";
    const std::string extend =
        "ABAAAACAAAAAEAAAAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAA=";
    const auto got = [&s](const std::string& base64, bool with_list) {
        Service::Members members = s.members(nonce_of(9), evidence::BindingForm::Plain);
        if (!with_list) members.erase("event_log");
        members["cc_eventlog"] = json::quoted(base64);
        return verify_report(document(members), demand());
    };
    const auto accepted = got(first + "A=", false);
    EXPECT_EQ(error_of(accepted), "accepted") << accepted.verdict.to_json();
    EXPECT_TRUE(mentions(accepted.verdict, "N_RTMR3"));
    EXPECT_FALSE(mentions(accepted.verdict, "N_EVENT_LOG"));
    EXPECT_EQ(error_of(got(first + extend, false)), "E_RTMR_MISMATCH");
    EXPECT_EQ(error_of(got(first + extend, true)), "accepted");
    EXPECT_EQ(error_of(got("AQAAAAMAAAA=", false)), "E_EVENTLOG_TRUNCATED");
    EXPECT_EQ(error_of(got("A", false)), "E_REPORT_PARSE");
    const auto none = got("", false);
    EXPECT_EQ(error_of(none), "accepted");
    EXPECT_TRUE(mentions(none.verdict, "N_EVENT_LOG"));
    EXPECT_FALSE(mentions(none.verdict, "N_RTMR3"));
}

TEST(Report, TheFirmwaresLogCountsInStoredEvidenceToo) {
    const Service s;
    const auto got = [&s](std::string_view base64) {
        auto records = *evidence::parse_cmw(s.stored(kNow - 10));
        for (evidence::CmwRecord& record : records) {
            if (record.label != "eventlog") continue;
            record.type = evidence::kCmwCcLog;
            record.value = *from_base64(base64);
        }
        return verify_stored_evidence(evidence::cmw_collection("tag:example.com,2026:evidence/v1", records),
                                      s.keyset.digest(), demand());
    };
    const auto accepted =
        got("AQAAAAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACEAAABTcGVjIElEIEV2ZW50MDMAAAAAAAACAAIBAAAADAAwAAA=");
    EXPECT_EQ(error_of(accepted), "accepted") << accepted.verdict.to_json();
    EXPECT_TRUE(mentions(accepted.verdict, "N_RTMR3"));
    EXPECT_EQ(error_of(got("AQAAAAMAAAA=")), "E_EVENTLOG_TRUNCATED");
}

TEST(Report, AReplayForAnotherNonceIsRefusedInEachForm) {
    const Service s;
    using Form = evidence::BindingForm;
    for (const Form form : {Form::Plain, Form::Tls, Form::Lumoz}) {
        const std::string text = document(s.members(nonce_of(9), form));
        EXPECT_EQ(error_of(verify_report(text, demand(nonce_of(10)))), "E_NONCE_MISMATCH");
        const auto none = verify_report(text, demand(std::nullopt));
        EXPECT_EQ(error_of(none), "accepted");
        EXPECT_TRUE(mentions(none.verdict, "N_NONCE"));
    }
}

TEST(Report, TheTlsKeySeenMustBeInTheEvidence) {
    const Service s;
    ReportDemand d = demand();
    d.tls_spki = s.spki;
    using Form = evidence::BindingForm;
    EXPECT_EQ(error_of(verify_report(document(s.members(nonce_of(9), Form::Tls)), d)), "accepted");
    EXPECT_EQ(error_of(verify_report(document(s.members(nonce_of(9), Form::Lumoz)), d)), "accepted");
    EXPECT_EQ(error_of(verify_report(document(s.members(nonce_of(9), Form::Plain)), d)), "E_TLS_KEY");
    d.tls_spki = Digest256();
    EXPECT_EQ(error_of(verify_report(document(s.members(nonce_of(9), Form::Lumoz)), d)), "E_TLS_KEY");
}

TEST(Report, AKeysetPastItsTimeIsRefused) {
    Service s;
    s.keyset.not_after = kNow;
    s.statement.keyset_digest = s.keyset.digest();
    EXPECT_EQ(
        error_of(verify_report(document(s.members(nonce_of(9), evidence::BindingForm::Lumoz)), demand())),
        "E_KEYSET");
}

TEST(Report, AciAttestationBindsKeysetAndNonce) {
    const Service s;
    ReportDemand d = demand();
    EXPECT_EQ(error_of(verify_report(s.aci(nonce_of(9)), d)), "E_REPORT_COLLATERAL");
    d.collateral = tee().collateral();
    const auto got = verify_report(s.aci(nonce_of(9)), d);
    EXPECT_EQ(error_of(got), "accepted") << got.verdict.to_json();
    EXPECT_TRUE(got.report->keyset().has_value());
    EXPECT_EQ(error_of(verify_report(s.aci(nonce_of(8)), d)), "E_NONCE_MISMATCH");
    EXPECT_EQ(error_of(verify_report(s.aci(std::nullopt), d)), "E_NONCE_MISMATCH");
    d.nonce.reset();
    EXPECT_EQ(error_of(verify_report(s.aci(std::nullopt), d)), "accepted");
    EXPECT_EQ(error_of(verify_report(s.aci(nonce_of(8)), d)), "E_BINDING");
    std::string stapled = s.aci(nonce_of(8));
    stapled.insert(
        1, R"("statement":)" + json::quoted(evidence::aci_statement(s.keyset.digest(), nonce_of(8))) + ",");
    EXPECT_EQ(verify_report(stapled, d).report->nonce(), nonce_of(8));
    d.nonce = nonce_of(9);
    EXPECT_EQ(error_of(verify_report(stapled, d)), "E_NONCE_MISMATCH");
}

TEST(Report, KnowsFormsItDoesNotCheck) {
    const auto error = [](std::string_view text) {
        const auto got = verify_report(text, demand());
        return error_of(got) + " " + std::to_string(got.verdict.exit_code());
    };
    EXPECT_EQ(error(R"({"format":"https://tinfoil.sh/predicate/nitro/v2","body":"AA=="})"),
              "E_REPORT_FORM 20");
    EXPECT_EQ(error(R"({"cpu_evidence":"","tee_type":"nitro"})"), "E_REPORT_FORM 20");
    EXPECT_EQ(error(R"({"__cmwc_t":"tag:x"})"), "E_REPORT_FORM 20");
    EXPECT_EQ(error("{"), "E_REPORT_PARSE 30");
    EXPECT_EQ(error("[]"), "E_REPORT_PARSE 30");
    EXPECT_EQ(error("{}"), "E_REPORT_PARSE 30");
}

TEST(StoredEvidence, IsVerifiedAsOfItsMaking) {
    const Service s;
    ReportDemand d = demand();
    d.now = kNow + 10 * 365 * 86400;
    const auto got = verify_stored_evidence(s.stored(kNow - 100), s.keyset.digest(), d);
    ASSERT_EQ(error_of(got), "accepted") << got.verdict.to_json();
    EXPECT_EQ(got.report->made_at(), kNow - 100);
    EXPECT_TRUE(mentions(got.verdict, "N_MADE_AT"));
    EXPECT_FALSE(mentions(got.verdict, "N_NONCE"));
    EXPECT_EQ(error_of(verify_stored_evidence(s.stored(kNow - 100), s.keyset.digest(), d, d.now)),
              "E_CERT_EXPIRED");
    EXPECT_EQ(error_of(verify_stored_evidence(s.stored(kNow), evidence::sha256_text(Digest256()), d)),
              "E_KEYSET");
    EXPECT_EQ(error_of(verify_stored_evidence(s.stored(kNow, nonce_of(1)), s.keyset.digest(), d)),
              "E_NONCE_MISMATCH");
    EXPECT_EQ(error_of(verify_stored_evidence("{}", s.keyset.digest(), d)), "E_CMW_COLLECTION");
}

}  // namespace
}  // namespace lumoz::verify

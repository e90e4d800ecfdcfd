// SPDX-License-Identifier: Apache-2.0
// Reports of compatible services: lists, gateways, Tinfoil documents; forged and mixed forms by name.
#include "evidence/gzip_write.hpp"
#include "verify/test_documents.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using testing::demand;
using testing::document;
using testing::error_of;
using testing::Fleet;
using testing::kHpke;
using testing::mentions;
using testing::nonce_of;
using testing::pcs_entry;
using testing::Service;
using testing::tee;
using testing::tinfoil_v2;
using testing::TinfoilDocument;
using testing::without_collateral;
using Form = evidence::BindingForm;

TEST(ReportLists, EveryReportOfAGatewayDocumentIsVerified) {
    const Fleet fleet;
    const auto got = verify_report(fleet.text(), demand());
    ASSERT_EQ(error_of(got), "accepted") << got.verdict.to_json();
    EXPECT_EQ(got.verdict.established("form"), "\"vllm-proxy-tls\"");
    EXPECT_EQ(got.verdict.established("place"), "\"gateway_attestation\"");
    const auto others = json::Document::parse(*got.verdict.established("further_reports"));
    ASSERT_EQ(others->root().size(), 2U);
    EXPECT_EQ(others->root().elements()[1].find("binding")->as_string(), "lumoz");
}

TEST(ReportLists, OneBadNodeRefusesTheDocument) {
    Fleet fleet;
    fleet.first["signing_address"] = json::quoted("0x" + std::string(40, '1'));
    const auto got = verify_report(fleet.text(), demand());
    EXPECT_EQ(error_of(got), "E_BINDING");
    EXPECT_TRUE(got.verdict.error()->detail.starts_with("model_attestations[0]"));
    EXPECT_FALSE(got.report);
    EXPECT_EQ(error_of(verify_report(Fleet().text(), demand(nonce_of(8)))), "E_NONCE_MISMATCH");
}

TEST(ReportLists, ARefusalWinsOverAPartThatIsNotChecked) {
    Fleet fleet;
    fleet.gateway["nvidia_payload"] = R"("{}")";
    EXPECT_EQ(error_of(verify_report(fleet.text(), demand())), "E_GPU_UNCHECKED");
    fleet.second["keyset"] = "{}";
    EXPECT_EQ(error_of(verify_report(fleet.text(), demand())), "E_KEYSET");
}

TEST(ReportLists, CopiesAreOneReportAndOthersAreNot) {
    const Service s;
    Service::Members members = s.members(nonce_of(9), Form::Plain);
    const std::string same = without_collateral(members);
    Service::Members list = members;
    list["all_attestations"] = "[" + same + "]";
    list["gateway_attestation"] = same;
    auto got = verify_report(document(list), demand());
    EXPECT_EQ(error_of(got), "accepted");
    EXPECT_FALSE(got.verdict.established("further_reports"));
    members["signing_public_key"] = json::quoted(std::string(128, '1'));
    list["all_attestations"] = "[" + without_collateral(members) + "]";
    EXPECT_EQ(error_of(verify_report(document(list), demand())), "E_REPORT_MEMBER");
}

TEST(ReportLists, ShapesThatAreNoListOfReports) {
    const auto error = [](std::string_view text) { return error_of(verify_report(text, demand())); };
    EXPECT_EQ(error(R"({"all_attestations":[]})"), "E_REPORT_PARSE");
    EXPECT_EQ(error(R"({"all_attestations":{}})"), "E_REPORT_PARSE");
    EXPECT_EQ(error(R"({"model_attestations":[1]})"), "E_REPORT_PARSE");
    EXPECT_EQ(error(R"({"gateway_attestation":"x"})"), "E_REPORT_PARSE");
    EXPECT_EQ(error(R"({"model_attestations":[{"intel_quote":"00","all_attestations":[]}]})"),
              "E_REPORT_PARSE");
    std::string many = R"({"all_attestations":[{})";
    for (int i = 0; i < 64; ++i)
        many += ",{}";
    EXPECT_EQ(error(many + "]}"), "E_REPORT_PARSE");
}

TEST(ReportForms, MembersThatContradictTheEvidence) {
    const Service s;
    const auto error = [&](const char* name, const std::string& value) {
        Service::Members members = s.members(nonce_of(9), Form::Tls);
        members[name] = value;
        return error_of(verify_report(document(members), demand()));
    };
    EXPECT_EQ(error("quote", "\"00\""), "E_REPORT_MEMBER");
    EXPECT_EQ(error("cpu_evidence", "\"AA==\""), "E_REPORT_MEMBER");
    EXPECT_EQ(error("cpu_evidence", "\"?\""), "E_REPORT_PARSE");
    EXPECT_EQ(error("report_data", json::quoted(std::string(128, '0'))), "E_REPORT_MEMBER");
    EXPECT_EQ(error("tls_certificate", "\"no PEM\""), "E_CERT_PARSE");
    EXPECT_EQ(error("tee_type", "\"sev_snp\""), "E_REPORT_AMBIGUOUS");
    EXPECT_EQ(error("tee_type", "\"nitro\""), "E_REPORT_FORM");
    EXPECT_EQ(error("attestation", "{}"), "E_REPORT_AMBIGUOUS");
    EXPECT_EQ(error("format", "\"https://tinfoil.sh/x\""), "E_REPORT_AMBIGUOUS");
    EXPECT_EQ(error("signing_algo", "7"), "E_REPORT_PARSE");
}

TEST(ReportForms, GpuEvidenceNeverHidesABadQuote) {
    const Service s;
    Service::Members members = s.members(nonce_of(9), Form::Plain);
    members["nvidia_payload"] = R"("{}")";
    auto got = verify_report(document(members), demand());
    EXPECT_EQ(got.verdict.exit_code(), 20);
    EXPECT_FALSE(got.report);
    EXPECT_TRUE(mentions(got.verdict, "N_GPU_UNCHECKED"));
    ReportDemand allowing = demand();
    allowing.policy.allow_unchecked_gpu = true;
    EXPECT_EQ(error_of(verify_report(document(members), allowing)), "accepted");
    std::string& quote = members["intel_quote"];
    quote[200] = quote[200] == '0' ? '1' : '0';
    got = verify_report(document(members), demand());
    EXPECT_EQ(got.verdict.exit_code(), 10) << error_of(got);
    ReportDemand other = demand(nonce_of(8));
    EXPECT_EQ(verify_report(document(members), other).verdict.exit_code(), 10);
}

TEST(ReportForms, WithoutCollateralTheMembersAreStillCompared) {
    const Service s;
    Service::Members members = s.members(nonce_of(9), Form::Plain);
    auto got = verify_report(without_collateral(members), demand());
    EXPECT_EQ(error_of(got), "E_REPORT_COLLATERAL");
    EXPECT_EQ(got.verdict.exit_code(), 20);
    EXPECT_TRUE(mentions(got.verdict, "N_QUOTE_UNCHECKED"));
    EXPECT_EQ(error_of(verify_report(without_collateral(members), demand(nonce_of(8)))), "E_NONCE_MISMATCH");
    members["intel_quote"] = "\"00\"";
    EXPECT_EQ(verify_report(without_collateral(members), demand()).verdict.exit_code(), 30);
}

// ---- Tinfoil

TEST(TinfoilV3, ItsKeysAreProvenWithTheCollateralThatItBrings) {
    const TinfoilDocument v3;
    ReportDemand d = demand();
    d.tls_spki = v3.service.spki;
    const auto got = verify_report(v3.text(), d);
    ASSERT_EQ(error_of(got), "accepted") << got.verdict.to_json();
    EXPECT_EQ(got.report->form(), Form::TinfoilV3);
    EXPECT_EQ(got.report->nonce(), nonce_of(9));
    EXPECT_EQ(got.report->hpke_key(), kHpke);
    EXPECT_EQ(got.verdict.established("form"), "\"tinfoil-v3\"");
    EXPECT_EQ(got.verdict.established("hpke_public_key"), json::quoted(to_hex(kHpke.view())));
    EXPECT_EQ(v3.error(demand(nonce_of(8))), "E_NONCE_MISMATCH");
    d.tls_spki = Digest256();
    EXPECT_EQ(v3.error(d), "E_TLS_KEY");
}

TEST(TinfoilV3, EachForgeryByName) {
    const auto error = [](auto bend) {
        TinfoilDocument v3;
        bend(v3);
        return v3.error();
    };
    const std::string zeros(64, '0');
    EXPECT_EQ(error([&](TinfoilDocument& v) { v.keys_hash = zeros; }), "E_REPORT_MEMBER");
    EXPECT_EQ(error([&](TinfoilDocument& v) { v.devices_hash = zeros; }), "E_REPORT_MEMBER");
    EXPECT_EQ(error([&](TinfoilDocument& v) { v.keys_hash = std::string(64, 'A'); }), "E_REPORT_PARSE")
        << "upper case";
    EXPECT_EQ(error([&](TinfoilDocument& v) { v.keys_hash = "00"; }), "E_REPORT_PARSE");
    EXPECT_EQ(error([](TinfoilDocument& v) { v.stated = ReportData(); }), "E_REPORT_MEMBER");
    EXPECT_EQ(error([](TinfoilDocument& v) { v.algorithm = "https://tinfoil.sh/report-data/v2"; }),
              "E_REPORT_FORM");
    EXPECT_EQ(error([](TinfoilDocument& v) { v.extra = R"(,"domain":"x")"; }), "E_REPORT_PARSE");
    EXPECT_EQ(error([](TinfoilDocument& v) { v.extra = R"(,"format":"x")"; }), "E_REPORT_PARSE") << "double";
    EXPECT_EQ(error([](TinfoilDocument& v) { v.extra = R"(,"intel_quote":"00")"; }), "E_REPORT_AMBIGUOUS");
    EXPECT_EQ(error([](TinfoilDocument& v) { v.collateral = "[]"; }), "E_REPORT_COLLATERAL");
    EXPECT_EQ(error([](TinfoilDocument& v) { v.collateral = "[" + pcs_entry() + "," + pcs_entry() + "]"; }),
              "E_REPORT_PARSE");
    EXPECT_EQ(error([](TinfoilDocument& v) {
                  v.collateral.replace(v.collateral.find("IntelSGXRootCA"), 14, "OtherSGXRootCA");
              }),
              "E_COLLATERAL_PARSE");
    EXPECT_EQ(error([](TinfoilDocument& v) { v.keys.replace(v.keys.find("hpke"), 4, "tls"); }),
              "E_REPORT_PARSE")
        << "id twice";
    EXPECT_EQ(error([](TinfoilDocument& v) {
                  v.keys.replace(v.keys.find("crypto-material/v1"), 18, "crypto-material/v9");
              }),
              "E_REPORT_FORM");
    EXPECT_EQ(error([](TinfoilDocument& v) { v.keys = "[]"; }), "E_REPORT_PARSE");
}

TEST(TinfoilV3, DevicesAreReportedAndNotChecked) {
    TinfoilDocument v3;
    v3.devices =
        R"({"format":"https://tinfoil.sh/device-evidence/v1","items":[{"id":"gpu-0","kind":"gpu","vendor":"nvidia","format":"f","evidence":{}}]})";
    EXPECT_EQ(v3.error(), "E_GPU_UNCHECKED");
    EXPECT_EQ(v3.error(demand(nonce_of(8))), "E_NONCE_MISMATCH") << "10 wins";
    ReportDemand d = demand();
    d.policy.allow_unchecked_gpu = true;
    EXPECT_EQ(v3.error(d), "accepted");
}

TEST(TinfoilV2, ReportDataIsTheKeys) {
    const Service s;
    ReportDemand d = demand(std::nullopt);
    const std::string text = tinfoil_v2(s, evidence::tinfoil_v2_report_data(s.spki, kHpke.view()));
    EXPECT_EQ(error_of(verify_report(text, d)), "E_REPORT_COLLATERAL");
    d.collateral = tee().collateral();
    d.tls_spki = s.spki;
    const auto got = verify_report(text, d);
    ASSERT_EQ(error_of(got), "accepted") << got.verdict.to_json();
    EXPECT_EQ(got.report->hpke_key(), kHpke);
    EXPECT_TRUE(mentions(got.verdict, "N_NONCE"));
    d.tls_spki = kHpke;
    EXPECT_EQ(error_of(verify_report(text, d)), "E_TLS_KEY");
    d.tls_spki.reset();
    d.nonce = nonce_of(9);
    EXPECT_EQ(error_of(verify_report(text, d)), "E_NONCE_MISMATCH") << "there is no room for a nonce";
    d.nonce.reset();
    EXPECT_EQ(error_of(verify_report(tinfoil_v2(s, ReportData()), d)), "E_BINDING");
    EXPECT_EQ(error_of(verify_report(tinfoil_v2(s, ReportData(), Bytes(1, 0)), d)), "E_GZIP");
    EXPECT_EQ(
        error_of(verify_report(R"({"format":"https://tinfoil.sh/predicate/tdx-guest/v2","body":7})", d)),
        "E_REPORT_PARSE");
    const std::string bomb = R"({"format":"https://tinfoil.sh/predicate/tdx-guest/v2","body":")" +
                             to_base64(evidence::gzip(Bytes(std::size_t{8} << 20, 0))) + "\"}";
    EXPECT_EQ(error_of(verify_report(bomb, d)), "E_GZIP");
}

}  // namespace
}  // namespace lumoz::verify

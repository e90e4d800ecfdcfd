// SPDX-License-Identifier: Apache-2.0
// Reports of compatible services: lists, gateways, Tinfoil documents; forged and mixed forms by name.
#include "evidence/testing/gzip.hpp"
#include "evidence/tinfoil.hpp"
#include "verify/test_service.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using testing::demand;
using testing::document;
using testing::error_of;
using testing::mentions;
using testing::nonce_of;
using testing::Service;
using testing::tee;
using Form = evidence::BindingForm;

std::string without_collateral(Service::Members members) {
    members.erase("collateral");
    return document(members);
}

/// A gateway and two nodes behind it, in the shape of cloud gateways: no report at the top.
struct Fleet {
    Service service;
    Service::Members gateway = service.members(nonce_of(9), Form::Tls);
    Service::Members first = service.members(nonce_of(9), Form::Plain);
    Service::Members second = service.members(nonce_of(9), Form::Lumoz);

    [[nodiscard]] std::string text() const {
        return R"({"gateway_attestation":)" + document(gateway) + R"(,"model_attestations":[)" +
               without_collateral(first) + "," + without_collateral(second) + "]}";
    }
};

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

const Digest256 kHpke = crypto::sha256(as_bytes("hpke"));

std::string pcs_entry() {
    const evidence::Collateral& c = tee().collateral();
    const auto encoded = [](std::string_view text) {
        std::string out;
        for (const char ch : text)
            out += ch == '\n' ? std::string("%0A") : ch == ' ' ? std::string("%20") : std::string(1, ch);
        return out;
    };
    const auto response = [&](std::string_view path, std::string_view header, std::string_view chain,
                              const std::string& body) {
        return R"({"url":"https://pcs)" + std::string(path) + R"(","headers":{)" + json::quoted(header) +
               ":[" + json::quoted(encoded(chain)) + R"(]},"body_base64":")" + to_base64(as_bytes(body)) +
               "\"}";
    };
    const std::string root_crl(as_text(*from_hex(c.root_ca_crl)));
    const std::string pck_crl(as_text(*from_hex(c.pck_crl)));
    return R"({"id":"pcs","role":"endorsement","format":"https://tinfoil.sh/collateral/intel-pcs/v1",)"
           R"("subjects":["cpu"],"data":{"responses":[)" +
           response("/tdx/certification/v4/tcb?fmspc=0", "TCB-Info-Issuer-Chain", c.tcb_info_issuer_chain,
                    R"({"tcbInfo":)" + c.tcb_info + R"(,"signature":")" + c.tcb_info_signature + "\"}") +
           "," +
           response("/tdx/certification/v4/qe/identity", "SGX-Enclave-Identity-Issuer-Chain",
                    c.qe_identity_issuer_chain,
                    R"({"enclaveIdentity":)" + c.qe_identity + R"(,"signature":")" + c.qe_identity_signature +
                        "\"}") +
           "," +
           response("/sgx/certification/v4/pckcrl?ca=platform&encoding=der", "SGX-PCK-CRL-Issuer-Chain", "",
                    pck_crl) +
           "," + response("/IntelSGXRootCA.der", "x", "", root_crl) + "]}}";
}

struct V3 {
    Service service;
    std::string keys =
        R"({"format":"https://tinfoil.sh/crypto-material/v1","items":[{"id":"tls","format":"https://tinfoil.sh/key/spki-fp-sha256/v1","data":")" +
        to_hex(service.spki.view()) +
        R"("},{"id":"hpke","format":"https://tinfoil.sh/key/x25519-hpke/v1","data":")" +
        to_hex(kHpke.view()) + "\"}]}";
    std::string devices = R"({"format":"https://tinfoil.sh/device-evidence/v1","items":[]})";
    std::string collateral = "[" + pcs_entry() + "]";
    std::string algorithm = "https://tinfoil.sh/report-data/v1";
    std::string extra;
    std::optional<std::string> keys_hash, devices_hash;
    std::optional<ReportData> stated;

    [[nodiscard]] std::string text() const {
        const Digest256 a = crypto::sha256(as_bytes(keys)), b = crypto::sha256(as_bytes(devices));
        const ReportData data = evidence::tinfoil_v3_report_data(nonce_of(9), a, b);
        return R"({"format":"https://tinfoil.sh/predicate/attestation/v3","challenge":{"nonce":")" +
               to_hex(nonce_of(9).view()) + R"(","report_data":")" + to_hex(stated.value_or(data).view()) +
               R"(","report_data_algorithm":")" + algorithm +
               R"("},"cpu_evidence":{"format":"https://tinfoil.sh/format/tdx-quote/v1","report_base64":")" +
               to_base64(*from_hex(service.quote(data))) + R"(","endorsed":{"crypto_material_hash":")" +
               keys_hash.value_or(to_hex(a.view())) + R"(","device_evidence_hash":")" +
               devices_hash.value_or(to_hex(b.view())) + R"("}},"crypto_material":")" +
               to_base64(as_bytes(keys)) + R"(","device_evidence":")" + to_base64(as_bytes(devices)) +
               R"(","collateral":)" + collateral + extra + "}";
    }
    [[nodiscard]] std::string error(const ReportDemand& d = demand()) const {
        return error_of(verify_report(text(), d));
    }
};

TEST(TinfoilV3, ItsKeysAreProvenWithTheCollateralThatItBrings) {
    const V3 v3;
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
        V3 v3;
        bend(v3);
        return v3.error();
    };
    const std::string zeros(64, '0');
    EXPECT_EQ(error([&](V3& v) { v.keys_hash = zeros; }), "E_REPORT_MEMBER");
    EXPECT_EQ(error([&](V3& v) { v.devices_hash = zeros; }), "E_REPORT_MEMBER");
    EXPECT_EQ(error([&](V3& v) { v.keys_hash = std::string(64, 'A'); }), "E_REPORT_PARSE") << "upper case";
    EXPECT_EQ(error([&](V3& v) { v.keys_hash = "00"; }), "E_REPORT_PARSE");
    EXPECT_EQ(error([](V3& v) { v.stated = ReportData(); }), "E_REPORT_MEMBER");
    EXPECT_EQ(error([](V3& v) { v.algorithm = "https://tinfoil.sh/report-data/v2"; }), "E_REPORT_FORM");
    EXPECT_EQ(error([](V3& v) { v.extra = R"(,"domain":"x")"; }), "E_REPORT_PARSE");
    EXPECT_EQ(error([](V3& v) { v.extra = R"(,"format":"x")"; }), "E_REPORT_PARSE") << "double";
    EXPECT_EQ(error([](V3& v) { v.extra = R"(,"intel_quote":"00")"; }), "E_REPORT_AMBIGUOUS");
    EXPECT_EQ(error([](V3& v) { v.collateral = "[]"; }), "E_REPORT_COLLATERAL");
    EXPECT_EQ(error([](V3& v) { v.collateral = "[" + pcs_entry() + "," + pcs_entry() + "]"; }),
              "E_REPORT_PARSE");
    EXPECT_EQ(
        error([](V3& v) { v.collateral.replace(v.collateral.find("IntelSGXRootCA"), 14, "OtherSGXRootCA"); }),
        "E_COLLATERAL_PARSE");
    EXPECT_EQ(error([](V3& v) { v.keys.replace(v.keys.find("hpke"), 4, "tls"); }), "E_REPORT_PARSE")
        << "id twice";
    EXPECT_EQ(
        error([](V3& v) { v.keys.replace(v.keys.find("crypto-material/v1"), 18, "crypto-material/v9"); }),
        "E_REPORT_FORM");
    EXPECT_EQ(error([](V3& v) { v.keys = "[]"; }), "E_REPORT_PARSE");
}

TEST(TinfoilV3, DevicesAreReportedAndNotChecked) {
    V3 v3;
    v3.devices =
        R"({"format":"https://tinfoil.sh/device-evidence/v1","items":[{"id":"gpu-0","kind":"gpu","vendor":"nvidia","format":"f","evidence":{}}]})";
    EXPECT_EQ(v3.error(), "E_GPU_UNCHECKED");
    EXPECT_EQ(v3.error(demand(nonce_of(8))), "E_NONCE_MISMATCH") << "10 wins";
    ReportDemand d = demand();
    d.policy.allow_unchecked_gpu = true;
    EXPECT_EQ(v3.error(d), "accepted");
}

std::string v2_text(const Service& s, const ReportData& data, const Bytes& behind = {}) {
    Bytes packed = evidence::testing::gzip(*from_hex(s.quote(data)));
    append(packed, behind);
    return R"({"format":"https://tinfoil.sh/predicate/tdx-guest/v2","body":")" + to_base64(packed) + "\"}";
}

TEST(TinfoilV2, ReportDataIsTheKeys) {
    const Service s;
    ReportDemand d = demand(std::nullopt);
    const std::string text = v2_text(s, evidence::tinfoil_v2_report_data(s.spki, kHpke.view()));
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
    EXPECT_EQ(error_of(verify_report(v2_text(s, ReportData()), d)), "E_BINDING");
    EXPECT_EQ(error_of(verify_report(v2_text(s, ReportData(), Bytes(1, 0)), d)), "E_GZIP");
    EXPECT_EQ(
        error_of(verify_report(R"({"format":"https://tinfoil.sh/predicate/tdx-guest/v2","body":7})", d)),
        "E_REPORT_PARSE");
    const std::string bomb = R"({"format":"https://tinfoil.sh/predicate/tdx-guest/v2","body":")" +
                             to_base64(evidence::testing::gzip(Bytes(std::size_t{8} << 20, 0))) + "\"}";
    EXPECT_EQ(error_of(verify_report(bomb, d)), "E_GZIP");
}

}  // namespace
}  // namespace lumoz::verify

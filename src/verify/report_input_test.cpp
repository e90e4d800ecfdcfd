// SPDX-License-Identifier: Apache-2.0
// What is read out of each form of report, and out of each document that is bent in one place. Nothing is
// verified here; quotes are two bytes.
#include "verify/report_input.hpp"

#include "verify/test_bends.hpp"
#include "verify/test_documents.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using testing::Approved;
using testing::difference;
using testing::document;
using testing::said;
using testing::Said;
using testing::Service;
using testing::tee;
using Members = Service::Members;

const Bytes kQuote = {0x04, 0x0a};

Said read(std::string_view text) {
    Said out = said(read_report(text));
    if (const auto form = recognise_report(text)) out["recognised"] = to_text(*form);
    return out;
}

constexpr std::string_view kWhole[] = {"collateral", "keyset",          "workload_keyset",
                                       "event_log",  "crypto_material", "device_evidence"};

/// Every member that a flat report may have.
Members flat() {
    const std::string hash(64, 'a');
    return {{"intel_quote", R"("040a")"},
            {"tee_type", R"("tdx")"},
            {"quote", R"("040a")"},
            {"cpu_evidence", R"("BAo=")"},
            {"report_data", json::quoted(std::string(128, 'b'))},
            {"request_nonce", json::quoted(std::string(64, 'c'))},
            {"signing_algo", R"("ecdsa")"},
            {"signing_address", R"("0x01")"},
            {"signing_public_key", R"("02")"},
            {"tls_cert_fingerprint", json::quoted(std::string(64, 'd'))},
            {"tls_certificate", R"("PEM")"},
            {"event_log", R"([{"imr":0}])"},
            {"event_log_json", R"("[1]")"},
            {"cc_eventlog", R"("AQ==")"},
            {"info", R"({"tcb_info":{"app_compose":"services"}})"},
            {"statement", R"("{}")"},
            {"keyset", R"({"a":1})"},
            {"keyset_digest", R"("sha256:1")"},
            {"config_sha256", json::quoted(hash)},
            {"models", R"([{"name":"m"}])"},
            {"v1_keys", R"({"ecdsa":"k"})"},
            {"collateral", tee().collateral().to_json()},
            {"nvidia_payload", R"("none")"},
            {"gpu_attestation", "null"},
            {"gpu_evidence", R"("")"},
            {"ohttp_attestation", R"({"k":1})"},
            {"ohttp_key_config", R"("k")"},
            {"compose_manager_attestation", R"({"k":1})"}};
}

TEST(ReportInput, AFlatReportBentInEachMember) {
    Approved("read_flat").bends(document(flat()), kWhole, read);
}

TEST(ReportInput, AFlatReportWithItsPartsAsTexts) {
    Members members = {{"intel_quote", R"("0x040A")"},
                       {"event_log", R"("[]")"},
                       {"info", R"({"tcb_info":"{\"app_compose\":\"services\"}"})"},
                       {"tls_cert_fingerprint", R"("")"}};
    Approved approved("read_flat_texts");
    approved.bends(document(members), kWhole, read);
    members["info"] = R"({"tcb_info":"{\"app_compose\":7}"})";
    approved.line("a compose file that is no text", difference({}, read(document(members))));
    members["info"] = R"({"tcb_info":"[]"})";
    approved.line("a list for an object", difference({}, read(document(members))));
    for (const char* log : {"[1]", R"("[]")", "null", "7", "{}"}) {
        members = {{"intel_quote", R"("04")"}, {"event_log_json", log}};
        approved.line(std::string("the other name of the log\t") + log,
                      difference({}, read(document(members))));
    }
    members = {{"intel_quote", R"("04")"}, {"ohttp_key_config", "1"}, {"nvidia_payload", "{}"}};
    approved.line("parts that are not read", difference({}, read(document(members))));
}

TEST(ReportInput, ASevSnpReportBentInEachMember) {
    Members members = flat();
    for (const char* name : {"intel_quote", "quote", "collateral", "report_data"})
        members.erase(name);
    members["tee_type"] = R"("sev_snp")";
    constexpr std::string_view kOnlyThese[] = {"info", "event_log"};
    Approved("read_flat_snp").bends(document(members), kOnlyThese, read);
}

std::string aci(std::string_view tee_type = "tdx") {
    return R"({"api_version":"aci/1","workload_keyset_digest":"sha256:1","keyset_digest":"sha256:2",)"
           R"("statement":"{}","nvidia_payload":null,"attestation":{"tee_type":)" +
           json::quoted(tee_type) +
           R"(,"workload_keyset":{"a":1},"evidence":{"quote":"040a","event_log":"[]","app_compose":"c"}}})";
}

TEST(ReportInput, AnAciAttestationBentInEachMember) {
    Approved approved("read_aci");
    approved.bends(aci(), kWhole, read);
    approved.whole("SEV-SNP", read(aci("sev_snp")));
}

TEST(ReportInput, ATinfoilDocumentOfTheSecondGenerationBentInEachMember) {
    const std::string text = R"({"format":"https://tinfoil.sh/predicate/tdx-guest/v2","body":")" +
                             to_base64(evidence::gzip(kQuote)) + "\"}";
    Approved("read_tinfoil_v2").bends(text, {}, read);
    testing::TinfoilBundleText bundle;
    bundle.document = text;
    Approved approved("read_tinfoil_bundle");
    constexpr std::string_view kNoBody[] = {"enclaveAttestationReport"};
    approved.bends(bundle.text(), kNoBody, read);
    std::string snp = text;
    snp.replace(snp.find("tdx-guest"), 9, "sev-snp-guest");
    bundle.document = snp;
    approved.whole("SEV-SNP", read(bundle.text()));
}

TEST(ReportInput, ATinfoilDocumentOfTheThirdGenerationBentInEachMember) {
    testing::TinfoilDocument v3;
    v3.quote = kQuote;
    Approved approved("read_tinfoil_v3");
    approved.bends(v3.text(), kWhole, read);
    const auto device = [&](std::string_view kind, std::string_view vendor) {
        v3.devices = R"({"format":"https://tinfoil.sh/device-evidence/v1","items":[{"id":"d","kind":")" +
                     std::string(kind) + R"(","vendor":")" + std::string(vendor) +
                     R"(","format":"f","evidence":{}}]})";
        approved.line("device " + std::string(kind) + " of " + std::string(vendor),
                      difference({}, read(v3.text())));
    };
    device("gpu", "nvidia");
    device("gpu", "other");
    device("switch", "nvidia");
    device("switch", "other");
    std::string snp = v3.text();
    snp.replace(snp.find("tdx-quote"), 9, "sev-snp-report");
    approved.line("SEV-SNP", difference({}, read(snp)));
}

TEST(ReportInput, ListsBentInEachMember) {
    const auto node = [](char c) {
        return R"({"intel_quote":"04","request_nonce":)" + json::quoted(std::string(64, c)) + "}";
    };
    const std::string lists = R"("gateway_attestation":)" + node('a') + R"(,"model_attestations":[)" +
                              node('b') + "," + node('a') + R"(],"all_attestations":[)" + node('c') + "]}";
    Approved("read_lists").bends("{" + lists, {}, read);
    Approved("read_lists_beside").bends(R"({"cpu_evidence":"AA==","tee_type":"sev_snp",)" + lists, {}, read);
}

TEST(ReportInput, EachListAlone) {
    Approved approved("read_lists_alone");
    const std::string quote = R"({"intel_quote":"04"})",
                      snp = R"({"tee_type":"sev_snp","cpu_evidence":"AA=="})";
    for (const std::string& text :
         {R"({"gateway_attestation":)" + quote + "}", R"({"model_attestations":[)" + quote + "]}",
          R"({"all_attestations":[)" + quote + "," + quote + "]}",
          R"({"all_attestations":[)" + snp + "," + snp + "]}",
          std::string(R"({"intel_quote":"04","all_attestations":[]})"),
          std::string(R"({"all_attestations":[]})"), R"({"all_attestations":[{},)" + quote + "]}",
          R"({"all_attestations":[)" + quote + ",{}]}"})
        approved.line(text, difference({}, read(text)));
}

TEST(ReportInput, SixtyFourReportsAreTheMostInAListAndInAll) {
    const auto list = [](int from, int count) {
        std::string out;
        for (int i = from; i < from + count; ++i)
            out +=
                std::string(i == from ? "" : ",") + R"({"intel_quote":"04","n":)" + std::to_string(i) + "}";
        return out;
    };
    const auto read_lists = [&](int models, int all, std::string_view beside = "") {
        const auto got = read_report("{" + std::string(beside) + R"("model_attestations":[)" +
                                     list(0, models) + R"(],"all_attestations":[)" + list(100, all) + "]}");
        return got ? std::to_string(1 + got->entries.size()) : got.error().detail;
    };
    EXPECT_EQ(read_lists(64, 0), "64");
    EXPECT_EQ(read_lists(65, 0), "model_attestations: more than 64 reports");
    EXPECT_EQ(read_lists(0, 65), "all_attestations: more than 64 reports");
    EXPECT_EQ(read_lists(63, 1), "64");
    EXPECT_EQ(read_lists(63, 2), "all_attestations[1]: more than 64 reports");
    EXPECT_EQ(read_lists(63, 1, R"("intel_quote":"05",)"), "65") << "the first is in no list";
    EXPECT_EQ(read_lists(63, 2, R"("intel_quote":"05",)"), "all_attestations[1]: more than 64 reports");
}

TEST(ReportInput, WhatIsNoReport) {
    Approved approved("read_others");
    for (const char* text :
         {"", "{", "[]", "7", "{}", R"({"__cmwc_t":"tag:x"})", R"({"attestation":{}})",
          R"({"attestation":1})", R"({"format":"x"})", R"({"format":"https://tinfoil.sh/"})",
          R"({"cpu_evidence":{}})", R"({"cpu_evidence":"AA=="})", R"({"intel_quote":"04","attestation":{}})",
          R"({"intel_quote":"04","enclaveAttestationReport":{}})", R"({"intel_quote":"04","__cmwc_t":""})",
          R"({"gateway_attestation":{},"__cmwc_t":""})", R"({"attestation":{},"__cmwc_t":""})",
          R"({"format":"https://tinfoil.sh/x","enclaveAttestationReport":{}})"})
        approved.line(text, difference({}, read(text)));
    const std::string deep = R"({"intel_quote":"04","a":)";
    approved.line("32 deep", difference({}, read(deep + std::string(31, '[') + std::string(31, ']') + "}")));
    approved.line("33 deep", difference({}, read(deep + std::string(32, '[') + std::string(32, ']') + "}")));
}

using Records = std::vector<evidence::CmwRecord>;

evidence::CmwRecord record(std::string label, std::string_view type, std::string_view value) {
    return {std::move(label), std::string(type), to_bytes(as_bytes(value)), 4};
}

TEST(ReportInput, StoredEvidenceBentInEachRecord) {
    const Records good = {record("cpu0", evidence::kCmwQuote, evidence::tsm_report_json("tdx_guest", kQuote)),
                          record("statement", evidence::kCmwStatement, "{}"),
                          record("keyset", evidence::kCmwKeyset, R"({"a":1})"),
                          record("eventlog", evidence::kCmwEventLog, "[]"),
                          record("collateral", evidence::kCmwCollateral, tee().collateral().to_json()),
                          record("made_at", evidence::kCmwMadeAt, "1")};
    const auto read_records = [](const Records& records) {
        return said(
            read_stored_evidence(evidence::cmw_collection("tag:example.com,2026:evidence/v1", records)));
    };
    Approved approved("read_stored");
    const Said as_it_is = read_records(good);
    approved.whole("as it is", as_it_is);
    const auto line = [&](const std::string& what, const Records& records) {
        approved.line(what, difference(as_it_is, read_records(records)));
    };
    for (std::size_t i = 0; i < good.size(); ++i) {
        Records bent = good;
        bent.erase(bent.begin() + static_cast<std::ptrdiff_t>(i));
        line(good[i].label + "\tremoved", bent);
        for (const std::string_view value : {"x", "{}", "0", "-1", "01", "1x", "1 ", " 1", "+1",
                                             "9223372036854775807", "9223372036854775808"}) {
            bent = good;
            bent[i].value = to_bytes(as_bytes(value));
            line(good[i].label + "\t" + std::string(value), bent);
        }
        bent = good;
        bent[i].type = "application/vnd.example.other";
        line(good[i].label + "\tof another type", bent);
    }
    for (const std::string_view type : {std::string_view("application/vnd.nvidia.gpu"), evidence::kCmwCcLog,
                                        std::string_view("application/vnd.example.nvidia")}) {
        Records more = good;
        more.push_back(record("more", type, "abc"));
        line("one more of type " + std::string(type), more);
    }
}

}  // namespace
}  // namespace lumoz::verify

// SPDX-License-Identifier: Apache-2.0
#include "identity/report.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "evidence/cmw.hpp"
#include "identity/testing.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lumoz::identity {
namespace {

using evidence::BindingForm;

constexpr json::Limits kLarge{.max_bytes = std::size_t{8} << 20, .max_depth = 32};

class ReportFixture : public ::testing::Test {
protected:
    ReportFixture() {
        nonce_.bytes.fill(0x77);
        tee_.tee_type = "tdx";
        tee_.info_json = R"({"app_id":"x","tcb_info":"{\"app_compose\":\"services: {}\"}"})";
        evidence_.quote = Bytes(100, 0xcd);
        evidence_.event_log = R"([{"imr":0}])";
        evidence_.vm_config = R"({"cpu":2})";
    }
    std::string report(ReportKey key, BindingForm form) {
        const Binding binding = bind_report(service_.identity, key, form, nonce_);
        return report_json(service_.identity, tee_, binding, evidence_, &collateral_, 1750000000);
    }
    testing::Service service_;
    Nonce nonce_;
    TeeFacts tee_;
    tee::Evidence evidence_;
    StapledCollateral collateral_{R"({"tcb_info":"x"})", 0};
};
using Report = ReportFixture;

std::string text_of(const json::Value& object, std::string_view name) {
    const auto member = object.find(name);
    return member ? member->as_string().value_or("not a text") : "absent";
}

TEST_F(Report, PlainFormHasWhatClientsOfTheFieldRead) {
    const std::string text = report(ReportKey::Ecdsa, BindingForm::Plain);
    const auto document = json::Document::parse(text, kLarge);
    ASSERT_TRUE(document) << document.error().detail;
    const json::Value root = document->root();
    EXPECT_EQ(text_of(root, "model_name"), "smollm2");
    EXPECT_EQ(text_of(root, "signing_address"), crypto::to_eip55(service_.identity.v1_address));
    EXPECT_EQ(text_of(root, "signing_algo"), "ecdsa");
    EXPECT_EQ(text_of(root, "signing_public_key").size(), 128U);
    EXPECT_EQ(text_of(root, "request_nonce"), to_hex(nonce_.view()));
    EXPECT_EQ(text_of(root, "intel_quote"), to_hex(evidence_.quote));
    EXPECT_TRUE(root.find("event_log")->is_array());
    EXPECT_EQ(text_of(root, "event_log_json"), evidence_.event_log);
    EXPECT_EQ(root.find("info")->raw(), tee_.info_json);
    EXPECT_EQ(text_of(root, "vm_config"), evidence_.vm_config);
    EXPECT_EQ(text_of(root, "gpu_attestation"), "none");
    EXPECT_FALSE(root.find("nvidia_payload"));
    EXPECT_FALSE(root.find("tls_cert_fingerprint"));
    EXPECT_FALSE(root.find("statement"));
}

TEST_F(Report, CarriesTheFirmwaresLogWhereThereIsOne) {
    const auto member = [this] {
        const std::string text = report(ReportKey::Ecdsa, BindingForm::Plain);
        const auto document = json::Document::parse(text, kLarge);
        return document ? text_of(document->root(), "cc_eventlog") : "unreadable";
    };
    EXPECT_EQ(member(), "absent");
    evidence_.cc_log = {1, 2, 3};
    EXPECT_EQ(member(), "AQID");
}

TEST_F(Report, EveryClientFindsTheNodeInItsPlace) {
    const std::string text = report(ReportKey::Ed25519, BindingForm::Tls);
    const auto document = json::Document::parse(text, kLarge);
    ASSERT_TRUE(document);
    const json::Value root = document->root();
    const auto all = root.find("all_attestations")->elements();
    const auto models = root.find("model_attestations")->elements();
    ASSERT_EQ(all.size(), 1U);
    ASSERT_EQ(models.size(), 1U);
    const std::string ed25519 = to_hex(service_.identity.v1_ed25519.view());
    for (const json::Value& node : {all[0], models[0], *root.find("gateway_attestation")}) {
        EXPECT_EQ(text_of(node, "signing_address"), ed25519);
        EXPECT_EQ(text_of(node, "signing_public_key"), ed25519);
        EXPECT_EQ(text_of(node, "intel_quote"), to_hex(evidence_.quote));
        EXPECT_EQ(text_of(node, "tls_cert_fingerprint"), to_hex(service_.identity.tls_spki->view()));
        EXPECT_FALSE(node.find("all_attestations"));
        EXPECT_FALSE(node.find("collateral"));
    }
}

TEST_F(Report, LumozFormCarriesItsStatementAndWhatItBinds) {
    const Binding binding = bind_report(service_.identity, ReportKey::Ecdsa, BindingForm::Lumoz, nonce_);
    const auto statement = evidence::LumozStatement::parse(binding.statement);
    ASSERT_TRUE(statement) << statement.error().detail;
    EXPECT_EQ(statement->nonce, nonce_);
    EXPECT_EQ(statement->keyset_digest, service_.identity.keyset_digest);
    EXPECT_EQ(statement->spki_sha256, service_.identity.tls_spki);
    EXPECT_EQ(statement->v1_ecdsa, service_.identity.v1_secp256k1);
    EXPECT_FALSE(statement->gpu_digest);
    EXPECT_EQ(binding.report_data, evidence::statement_report_data(binding.statement));

    const std::string text = report(ReportKey::Ecdsa, BindingForm::Lumoz);
    const auto document = json::Document::parse(text, kLarge);
    ASSERT_TRUE(document);
    const json::Value root = document->root();
    EXPECT_EQ(text_of(root, "statement"), binding.statement);
    EXPECT_EQ(text_of(root, "binding"), "lumoz");
    EXPECT_EQ(root.find("keyset")->raw(), service_.identity.keyset_json);
    EXPECT_EQ(text_of(root, "keyset_digest"), service_.identity.keyset_digest);
    EXPECT_EQ(root.find("collateral")->raw(), collateral_.json);
    EXPECT_EQ(root.find("made_at")->as_int(), 1750000000);
    EXPECT_EQ(text_of(*root.find("v1_keys"), "ecdsa"), "04" + to_hex(service_.identity.v1_secp256k1.view()));
    EXPECT_EQ(text_of(root.find("models")->elements().at(0), "name"), "smollm2");
}

TEST_F(Report, AnEventLogThatIsNoArrayStaysAText) {
    evidence_.event_log = "{broken";
    const auto text = report(ReportKey::Ecdsa, BindingForm::Plain);
    const auto document = json::Document::parse(text, kLarge);
    ASSERT_TRUE(document);
    EXPECT_FALSE(document->root().find("event_log"));
    EXPECT_EQ(text_of(document->root(), "event_log_json"), "{broken");
}

TEST_F(Report, SevSnpHasNoIntelQuote) {
    tee_.tee_type = "sev_snp";
    const auto text = report(ReportKey::Ecdsa, BindingForm::Plain);
    const auto document = json::Document::parse(text, kLarge);
    EXPECT_FALSE(document->root().find("intel_quote"));
    EXPECT_EQ(text_of(document->root(), "cpu_evidence"), to_base64(evidence_.quote));
    EXPECT_EQ(text_of(document->root(), "cpu_evidence_format"), "sev-snp-report");
}

TEST_F(Report, AciAttestationHasItsMembers) {
    const Binding binding = bind_aci(service_.identity, nonce_);
    EXPECT_EQ(binding.statement, R"({"keyset_digest":")" + service_.identity.keyset_digest +
                                     R"(","nonce":")" + to_hex(nonce_.view()) +
                                     R"(","purpose":"aci.report_data.v1"})");
    const std::string text = aci_attestation_json(service_.identity, tee_, binding, evidence_, nullptr);
    const auto document = json::Document::parse(text, kLarge);
    ASSERT_TRUE(document);
    const json::Value root = document->root();
    EXPECT_EQ(text_of(root, "api_version"), "aci/1");
    EXPECT_EQ(text_of(root, "workload_keyset_digest"), service_.identity.keyset_digest);
    const json::Value attestation = *root.find("attestation");
    EXPECT_EQ(attestation.find("workload_keyset")->raw(), service_.identity.keyset_json);
    EXPECT_EQ(text_of(attestation, "report_data") + std::string(64, '0'), to_hex(binding.report_data.view()));
    const json::Value inner = *attestation.find("evidence");
    EXPECT_EQ(text_of(inner, "quote"), to_hex(evidence_.quote));
    EXPECT_EQ(text_of(inner, "quote_report_data"), to_hex(binding.report_data.view()));
    EXPECT_EQ(text_of(inner, "event_log"), evidence_.event_log);
    EXPECT_EQ(text_of(inner, "app_compose"), "services: {}");
    const json::Value tls = *inner.find("downstream_tls_binding");
    EXPECT_EQ(text_of(tls, "type"), "tls_spki_sha256");
    EXPECT_EQ(text_of(tls, "spki_sha256"), to_hex(service_.identity.tls_spki->view()));
    EXPECT_EQ(text_of(tls, "domain"), "service.example");
    EXPECT_EQ(text_of(*attestation.find("source_provenance"), "repo_url"), "https://example.org/repo");
    EXPECT_TRUE(attestation.find("source_provenance")->find("repo_commit")->is_null());
    const json::Value capabilities = *root.find("service_capabilities");
    EXPECT_EQ(capabilities.find("supported_e2ee_versions")->size(), 0U);
    EXPECT_EQ(text_of(capabilities, "serving"), "direct");
}

TEST_F(Report, StoredEvidenceIsACollectionWithEverything) {
    const Binding binding =
        bind_report(service_.identity, ReportKey::Ecdsa, BindingForm::Lumoz, std::nullopt);
    EXPECT_NE(binding.statement.find("\"nonce\":null"), std::string::npos);
    const std::string text =
        stored_evidence_json(service_.identity, tee_, binding, evidence_, &collateral_, 1750000000);
    const auto records = evidence::parse_cmw(text);
    ASSERT_TRUE(records) << records.error().detail;
    std::map<std::string, Bytes> value;
    for (const evidence::CmwRecord& record : *records)
        value[record.label] = record.value;
    EXPECT_EQ(value.size(), 6U);
    EXPECT_EQ(*evidence::quote_from_tsm_report(value["cpu0"]), evidence_.quote);
    EXPECT_EQ(as_text(value["eventlog"]), evidence_.event_log);
    EXPECT_EQ(as_text(value["statement"]), binding.statement);
    EXPECT_EQ(as_text(value["keyset"]), service_.identity.keyset_json);
    EXPECT_EQ(as_text(value["collateral"]), collateral_.json);
    EXPECT_EQ(as_text(value["made_at"]), "1750000000");
}

TEST_F(Report, StoredEvidenceHasTheFirmwaresLogWhereThereIsNoOther) {
    const Binding binding =
        bind_report(service_.identity, ReportKey::Ecdsa, BindingForm::Lumoz, std::nullopt);
    const auto log_record = [&]() -> std::pair<std::string, Bytes> {
        const auto records = evidence::parse_cmw(
            stored_evidence_json(service_.identity, tee_, binding, evidence_, &collateral_, 1750000000));
        EXPECT_TRUE(records);
        for (const evidence::CmwRecord& record : *records)
            if (record.label == "eventlog") return {record.type, record.value};
        return {};
    };
    evidence_.cc_log = {1, 2, 3};
    EXPECT_EQ(log_record().first, evidence::kCmwEventLog);
    evidence_.event_log.clear();
    EXPECT_EQ(log_record(), std::pair(std::string(evidence::kCmwCcLog), Bytes{1, 2, 3}));
    evidence_.cc_log.clear();
    EXPECT_EQ(log_record(), std::pair(std::string(), Bytes()));
}

}  // namespace
}  // namespace lumoz::identity

// SPDX-License-Identifier: Apache-2.0
#include "identity/report.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "evidence/cmw.hpp"
#include "evidence/statement.hpp"

namespace lumoz::identity {
namespace {

using evidence::BindingForm;
using json::Writer;

constexpr json::Limits kLogLimits{.max_bytes = std::size_t{4} << 20, .max_depth = 16};

ByteView address_of(const PublicIdentity& identity, ReportKey key) {
    return key == ReportKey::Ecdsa ? identity.v1_address.view() : identity.v1_ed25519.view();
}

std::string lumoz_statement(const PublicIdentity& identity, const std::optional<Nonce>& nonce) {
    evidence::LumozStatement statement;
    statement.config_sha256 = identity.facts.config_sha256;
    statement.gpu_digest = identity.facts.gpu_digest;
    statement.keyset_digest = identity.keyset_digest;
    statement.models = identity.facts.models;
    statement.nonce = nonce;
    statement.spki_sha256 = identity.tls_spki;
    statement.v1_ecdsa = identity.v1_secp256k1;
    statement.v1_ed25519 = identity.v1_ed25519;
    return statement.text();
}

void write_signer(Writer& out, const PublicIdentity& identity, ReportKey key) {
    if (key == ReportKey::Ecdsa) {
        out.key("signing_address").string(crypto::to_eip55(identity.v1_address));
        out.key("signing_algo").string("ecdsa");
        out.key("signing_public_key").string(to_hex(identity.v1_secp256k1.view()));
        return;
    }
    const std::string hex = to_hex(identity.v1_ed25519.view());
    out.key("signing_address").string(hex);
    out.key("signing_algo").string("ed25519");
    out.key("signing_public_key").string(hex);
}

/// `event_log` as array where the device's text is one, and the text itself.
void write_event_log(Writer& out, const std::string& log) {
    if (log.empty()) return;
    const auto document = json::Document::parse(log, kLogLimits);
    if (document && document->root().is_array()) out.key("event_log").raw(log);
    out.key("event_log_json").string(log);
}

/// The members that clients of the field read, of one node.
void write_node(Writer& out, const PublicIdentity& identity, const TeeFacts& tee, const Binding& binding,
                const tee::Evidence& evidence) {
    const auto& models = identity.facts.models;
    const std::string quote = to_hex(evidence.quote);
    out.key("model_name").string(models.empty() ? "" : models.front().name);
    write_signer(out, identity, binding.key);
    out.key("request_nonce");
    if (binding.nonce) {
        out.string(to_hex(binding.nonce->view()));
    } else {
        out.null();
    }
    if (tee.tee_type == "tdx") out.key("intel_quote").string(quote);
    write_event_log(out, evidence.event_log);
    out.key("info").raw(tee.info_json);
    if (!evidence.vm_config.empty()) out.key("vm_config").string(evidence.vm_config);
    if (binding.form != BindingForm::Plain && identity.tls_spki) {
        out.key("tls_cert_fingerprint").string(to_hex(identity.tls_spki->view()));
        if (!identity.facts.tls_certificate_pem.empty()) {
            out.key("tls_certificate").string(identity.facts.tls_certificate_pem);
        }
    }
    out.key("tee_type").string(tee.tee_type);
    out.key("gpu_attestation").string("none");
    out.key("binding").string(evidence::to_text(binding.form));
    if (!binding.statement.empty()) out.key("statement").string(binding.statement);
}

void write_models(Writer& out, const PublicIdentity& identity) {
    out.key("models").array();
    for (const evidence::ModelIdentity& model : identity.facts.models)
        out.object().key("model_root").string(model.model_root).key("name").string(model.name).end();
    out.end();
}

/// What only our verifier reads.
void write_ours(Writer& out, const PublicIdentity& identity, const TeeFacts& tee,
                const tee::Evidence& evidence, const StapledCollateral* collateral, UnixTime made_at) {
    out.key("cpu_evidence").string(to_base64(evidence.quote));
    out.key("cpu_evidence_format").string(tee.tee_type == "tdx" ? "tdx-quote" : "sev-snp-report");
    if (!evidence.cc_log.empty()) out.key("cc_eventlog").string(to_base64(evidence.cc_log));
    out.key("keyset").raw(identity.keyset_json);
    out.key("keyset_digest").string(identity.keyset_digest);
    out.key("config_sha256").string(to_hex(identity.facts.config_sha256.view()));
    write_models(out, identity);
    out.key("v1_keys").object();
    out.key("ecdsa").string("04" + to_hex(identity.v1_secp256k1.view()));
    out.key("ed25519").string(to_hex(identity.v1_ed25519.view()));
    out.end();
    out.key("key_custody").string("born in the TEE, per instance");
    out.key("made_at").integer(made_at);
    if (collateral != nullptr) out.key("collateral").raw(collateral->json);
}

Bytes bytes_of(std::string_view text) {
    return to_bytes(as_bytes(text));
}

}  // namespace

Binding bind_report(const PublicIdentity& identity, ReportKey key, BindingForm form,
                    const std::optional<Nonce>& nonce) {
    Binding out{form, key, nonce, {}, {}};
    const ByteView address = address_of(identity, key);
    switch (form) {
        case BindingForm::Plain:
            out.report_data = evidence::plain_report_data(address, nonce.value());
            break;
        case BindingForm::Tls:
            out.report_data = evidence::tls_report_data(address, identity.tls_spki.value(), nonce.value());
            break;
        case BindingForm::Lumoz:
            out.statement = lumoz_statement(identity, nonce);
            out.report_data = evidence::statement_report_data(out.statement);
            break;
        case BindingForm::Aci:
            return bind_aci(identity, nonce);
        case BindingForm::TinfoilV2:
            return bind_tinfoil(identity, std::nullopt);
        case BindingForm::TinfoilV3:
            return bind_tinfoil(identity, nonce.value());
    }
    return out;
}

Binding bind_aci(const PublicIdentity& identity, const std::optional<Nonce>& nonce) {
    Binding out{BindingForm::Aci, ReportKey::Ecdsa, nonce, {}, {}};
    out.statement = evidence::aci_statement(identity.keyset_digest, nonce);
    out.report_data = evidence::statement_report_data(out.statement);
    return out;
}

std::string report_json(const PublicIdentity& identity, const TeeFacts& tee, const Binding& binding,
                        const tee::Evidence& evidence, const StapledCollateral* collateral,
                        UnixTime made_at) {
    Writer node;
    node.object();
    write_node(node, identity, tee, binding, evidence);
    node.end();
    const std::string node_json = std::move(node).text();

    Writer out;
    out.object();
    write_node(out, identity, tee, binding, evidence);
    write_ours(out, identity, tee, evidence, collateral, made_at);
    // One node, and its own front: clients look for themselves in different places (api.md 3.2).
    out.key("all_attestations").array().raw(node_json).end();
    out.key("model_attestations").array().raw(node_json).end();
    out.key("gateway_attestation").raw(node_json);
    out.end();
    return std::move(out).text();
}

std::string stored_evidence_json(const PublicIdentity& identity, const TeeFacts& tee, const Binding& binding,
                                 const tee::Evidence& evidence, const StapledCollateral* collateral,
                                 UnixTime made_at) {
    constexpr unsigned kReference = 2;
    constexpr unsigned kEvidence = 4;
    const std::string provider = tee.tee_type == "tdx" ? "tdx_guest" : "sev_guest";
    std::vector<evidence::CmwRecord> records;
    records.push_back({"cpu0", std::string(evidence::kCmwQuote),
                       bytes_of(evidence::tsm_report_json(provider, evidence.quote)), kEvidence});
    if (!evidence.event_log.empty()) {
        records.push_back(
            {"eventlog", std::string(evidence::kCmwEventLog), bytes_of(evidence.event_log), kEvidence});
    } else if (!evidence.cc_log.empty()) {
        records.push_back({"eventlog", std::string(evidence::kCmwCcLog), evidence.cc_log, kEvidence});
    }
    records.push_back(
        {"statement", std::string(evidence::kCmwStatement), bytes_of(binding.statement), kEvidence});
    records.push_back(
        {"keyset", std::string(evidence::kCmwKeyset), bytes_of(identity.keyset_json), kEvidence});
    if (collateral != nullptr) {
        records.push_back(
            {"collateral", std::string(evidence::kCmwCollateral), bytes_of(collateral->json), kReference});
    }
    records.push_back(
        {"made_at", std::string(evidence::kCmwMadeAt), bytes_of(std::to_string(made_at)), kEvidence});
    return evidence::cmw_collection("tag:lumoz.example,2026:evidence/v1", records);
}

}  // namespace lumoz::identity

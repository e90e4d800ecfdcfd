// SPDX-License-Identifier: Apache-2.0
// What the verdict on a report says beside its rules: facts, findings of the policy, and what was not
// checked.
#include "base/hex.hpp"
#include "verify/report_verification.hpp"

namespace lumoz::verify {

namespace {

std::string models_json(const std::vector<evidence::ModelIdentity>& models) {
    json::Writer out;
    out.array();
    for (const evidence::ModelIdentity& model : models) {
        out.object();
        out.key("model_root").string(model.model_root);
        out.key("name").string(model.name);
        out.end();
    }
    out.end();
    return std::move(out).text();
}

std::string hex_list(const std::vector<Digest256>& list) {
    json::Writer out;
    out.array();
    for (const Digest256& digest : list)
        out.string(to_hex(digest.view()));
    out.end();
    return std::move(out).text();
}

}  // namespace

void ReportVerification::not_checked() {
    const Policy& policy = demand_.policy;
    if (in_.gpu_evidence) {
        verdict_.not_checked("N_GPU_UNCHECKED", "the GPU evidence in the report");
    } else {
        verdict_.not_checked("N_GPU", "no GPU is in the evidence");
    }
    if (!policy.names_measurement() && policy.allow_unknown_measurement)
        verdict_.not_checked("N_MEASUREMENT", "which program runs: no measurement is named by the policy");
    if (!in_.event_log && !in_.cc_log)
        verdict_.not_checked("N_EVENT_LOG", "the registers' history: there is no event log");
    // Whatever stands behind the connection: in a list, the first report's key is the one compared.
    if (!demand_.tls_spki) verdict_.not_checked("N_TLS", "the TLS key of the connection");
    if (in_.document() == ReportDocument::Stored) {
        verdict_.not_checked("N_MADE_AT", "made_at and the times in receipts are the service's own word");
    } else if (!demand_.nonce) {
        verdict_.not_checked("N_NONCE", "that the evidence is fresh: no nonce was demanded");
    }
    not_checked_parts();
    if (!tdx_ || proof_.statement) return;
    verdict_.not_checked("N_MODEL", "which model runs: this form binds none");
    if (in_.document() == ReportDocument::Tinfoil) {
        verdict_.not_checked("N_KEYSET", "receipt keys: this form binds none");
    } else if (in_.document() == ReportDocument::Report) {
        verdict_.not_checked("N_KEYSET", "receipt keys: this form binds the signing key only");
    }
}

/// Parts of the document that no rule reads.
void ReportVerification::not_checked_parts() {
    if (snp_)
        verdict_.not_checked(
            "N_SNP_UNCHECKED",
            "the SEV-SNP report: its fields are read, its signature and its chip are not checked");
    if (bare_quote_)
        verdict_.not_checked("N_QUOTE_UNCHECKED", "the quote: without collateral nothing in it is proven");
    if (in_.ohttp) verdict_.not_checked("N_OHTTP", "the OHTTP key configuration in the report");
    if (in_.compose_manager)
        verdict_.not_checked("N_COMPOSE_MANAGER", "the compose manager's statement in the report");
    if (in_.tls_certificate || (in_.tinfoil_bundle && in_.tinfoil_bundle->certificate))
        verdict_.not_checked("N_CERTIFICATE",
                             proof_.tls_keys.empty()
                                 ? "the web certificate: the evidence binds no TLS key"
                                 : "issuer and dates of the web certificate: only its key and names");
    if (in_.tinfoil_bundle && in_.tinfoil_bundle->sigstore)
        verdict_.not_checked("N_SIGSTORE", "the signature of the software (Sigstore) in the document");
    if (!in_.tinfoil_v3) return;
    for (const std::string& format : in_.tinfoil_v3->other_formats)
        if (format.find("sigstore") != std::string::npos)
            verdict_.not_checked("N_SIGSTORE", "the signature of the software (Sigstore) in the document");
    for (const evidence::TinfoilDevice& device : in_.tinfoil_v3->devices)
        if (device.kind != "gpu" && device.vendor != "nvidia")
            verdict_.not_checked("N_DEVICE_UNCHECKED", "the device evidence of kind " + device.kind);
}

void ReportVerification::snp_facts() {
    if (!snp_) return;
    verdict_.establish("report_bytes", std::to_string(in_.quote.size()));
    verdict_.establish("snp_version", std::to_string(snp_->version));
    verdict_.establish("guest_svn", std::to_string(snp_->guest_svn));
    verdict_.establish_text("report_data", to_hex(snp_->report_data.view()));
    verdict_.establish_text("measurement", to_hex(snp_->measurement.view()));
    verdict_.establish_text("host_data", to_hex(snp_->host_data.view()));
    verdict_.establish_text("reported_tcb", to_hex(snp_->reported_tcb));
    verdict_.establish_text("chip_id", to_hex(snp_->chip_id));
}

/// What stands in the document, whatever it is worth.
void ReportVerification::document_facts() {
    snp_facts();
    if (!in_.place.empty()) verdict_.establish_text("place", in_.place);
    if (in_.tinfoil_v2)
        verdict_.establish_text("document_hash", to_hex(in_.tinfoil_v2->document_hash.view()));
    if (in_.tinfoil_bundle) verdict_.establish_text("domain", in_.tinfoil_bundle->domain);
    if (!in_.tinfoil_v3) return;
    verdict_.establish_text("crypto_material_hash", to_hex(in_.tinfoil_v3->crypto_material_sha256.view()));
    verdict_.establish_text("device_evidence_hash", to_hex(in_.tinfoil_v3->device_evidence_sha256.view()));
    json::Writer devices;
    devices.array();
    for (const evidence::TinfoilDevice& device : in_.tinfoil_v3->devices)
        devices.string(device.id);
    devices.end();
    verdict_.establish("devices", std::move(devices).text());
}

void ReportVerification::facts() {
    const ReportProof& r = proof_;
    if (in_.document() == ReportDocument::Tinfoil && !r.tls_keys.empty())
        verdict_.establish_text("tls_spki_sha256", to_hex(r.tls_keys.front().view()));
    if (r.hpke_key) verdict_.establish_text("hpke_public_key", to_hex(r.hpke_key->view()));
    // What else unverified evidence would prove is nobody's key yet.
    if (!tdx_) return;
    verdict_.establish_text("binding", to_text(r.form));
    if (r.nonce) verdict_.establish_text("nonce", to_hex(r.nonce->view()));
    if (r.ecdsa_address) verdict_.establish_text("ecdsa_address", crypto::to_eip55(*r.ecdsa_address));
    if (r.ecdsa_key) verdict_.establish_text("ecdsa_key", "04" + to_hex(r.ecdsa_key->view()));
    if (r.ed25519_key) verdict_.establish_text("ed25519_key", to_hex(r.ed25519_key->view()));
    if (r.keyset) {
        verdict_.establish_text("keyset_digest", r.keyset->digest());
        verdict_.establish("keyset_not_after", std::to_string(r.keyset->not_after));
    }
    if (r.statement) {
        verdict_.establish("models", models_json(r.statement->models));
        verdict_.establish_text("config_sha256", to_hex(r.statement->config_sha256.view()));
        verdict_.establish("gpu_digest", r.statement->gpu_digest
                                             ? json::quoted(to_hex(r.statement->gpu_digest->view()))
                                             : std::string("null"));
    }
    verdict_.establish("tls_keys", hex_list(r.tls_keys));
    if (r.made_at) verdict_.establish_text("made_at", to_rfc3339(*r.made_at));
}

void ReportVerification::findings() {
    const VerifiedTdx& tdx = *tdx_;
    const Policy& policy = demand_.policy;
    std::vector<Finding> found = evaluate(tdx.quote(), tdx.result(), policy);
    if (!policy.names_measurement() && !policy.allow_unknown_measurement)
        found.push_back({"P_MEASUREMENT", policy.names_registers_only()
                                              ? "the policy names RTMRs without mr_td, which proves nothing"
                                              : "the policy names no measurement"});
    if (policy.require_gpu) found.push_back({"P_GPU_MISSING", "no GPU evidence was checked"});
    if (policy.model_root) {
        const auto& statement = proof_.statement;
        if (!statement || statement->models.empty()) {
            found.push_back({"P_MODEL", "the evidence binds no model"});
        } else {
            for (const evidence::ModelIdentity& model : statement->models)
                if (std::ranges::find(*policy.model_root, model.model_root) == policy.model_root->end())
                    found.push_back({"P_MODEL", model.name + " is not in the list"});
        }
    }
    verdict_.add_findings(std::move(found));
}

}  // namespace lumoz::verify

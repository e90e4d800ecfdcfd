// SPDX-License-Identifier: Apache-2.0
// What the verdict on a report says beside its rules: facts, findings of the policy, and what was not
// checked.
#include "base/hex.hpp"
#include "verify/report_verification.hpp"

namespace lumoz::verify {

using evidence::BindingForm;

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
    if (!in_.event_log) verdict_.not_checked("N_EVENT_LOG", "the registers' history: there is no event log");
    if (!demand_.tls_spki) verdict_.not_checked("N_TLS", "the TLS key of the connection");
    if (in_.document == ReportDocument::Stored) {
        verdict_.not_checked("N_MADE_AT", "made_at and the times in receipts are the service's own word");
        verdict_.not_checked("N_REVOCATION_DATE", "revocation after " + to_rfc3339(at_));
    } else if (!demand_.nonce) {
        verdict_.not_checked("N_NONCE", "that the evidence is fresh: no nonce was demanded");
    }
    if (in_.siblings != 0)
        verdict_.not_checked("N_SIBLINGS",
                             std::to_string(in_.siblings) + " further reports in all_attestations");
    if (!report_) return;
    if (!report_->statement_) {
        verdict_.not_checked("N_MODEL", "which model runs: this form binds none");
        if (report_->form_ != BindingForm::Aci)
            verdict_.not_checked("N_KEYSET", "receipt keys: this form binds the signing key only");
    }
}

void ReportVerification::facts() {
    const VerifiedReport& r = *report_;
    verdict_.establish_text("binding", to_text(r.form_));
    if (r.nonce_) verdict_.establish_text("nonce", to_hex(r.nonce_->view()));
    if (r.ecdsa_address_) verdict_.establish_text("ecdsa_address", crypto::to_eip55(*r.ecdsa_address_));
    if (r.ecdsa_key_) verdict_.establish_text("ecdsa_key", "04" + to_hex(r.ecdsa_key_->view()));
    if (r.ed25519_key_) verdict_.establish_text("ed25519_key", to_hex(r.ed25519_key_->view()));
    if (r.keyset_) {
        verdict_.establish_text("keyset_digest", r.keyset_->digest());
        verdict_.establish("keyset_not_after", std::to_string(r.keyset_->not_after));
    }
    if (r.statement_) {
        verdict_.establish("models", models_json(r.statement_->models));
        verdict_.establish_text("config_sha256", to_hex(r.statement_->config_sha256.view()));
        verdict_.establish("gpu_digest", r.statement_->gpu_digest
                                             ? json::quoted(to_hex(r.statement_->gpu_digest->view()))
                                             : std::string("null"));
    }
    verdict_.establish("tls_keys", hex_list(r.tls_keys_));
    if (r.made_at_) verdict_.establish_text("made_at", to_rfc3339(*r.made_at_));
}

void ReportVerification::findings(const VerifiedTdx& tdx) {
    const Policy& policy = demand_.policy;
    std::vector<Finding> found = evaluate(tdx.quote(), tdx.result(), policy);
    if (!policy.names_measurement() && !policy.allow_unknown_measurement)
        found.push_back({"P_MEASUREMENT", policy.names_registers_only()
                                              ? "the policy names RTMRs without mr_td, which proves nothing"
                                              : "the policy names no measurement"});
    if (policy.require_gpu) found.push_back({"P_GPU_MISSING", "no GPU evidence was checked"});
    if (policy.model_root) {
        const auto& statement = report_->statement_;
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

// SPDX-License-Identifier: Apache-2.0
#include "verify/answer.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "evidence/schema.hpp"
#include "verify/form_values.hpp"

namespace lumoz::verify {

namespace {

const evidence::Schema kSchema(Errc::Malformed, "E_PROOF_PARSE", "proof.members");
constexpr std::size_t kMostSignatures = 16;

std::unexpected<Error> bad(std::string_view rule, std::string_view where, std::string detail = {}) {
    return fail(Errc::Refused, rule, where, std::move(detail));
}

/// One answer against its proof; every rule is looked at, whatever the others say.
class AnswerVerification {
public:
    AnswerVerification(ByteView request, ByteView response, const VerifiedReport* report)
        : request_(crypto::sha256(request)),
          response_(crypto::sha256(response)),
          report_(report),
          bodies_{request, response} {}

    Verdict run(const Result<ProofFile>& proof) {
        if (!verdict_.check("answer.read", "the proof can be read", status_of(proof)))
            return std::move(verdict_);
        for (const SignatureObject& object : proof->signatures)
            signature(object);
        if (proof->receipt) receipt(*proof->receipt);
        if (proof->signatures.empty() && !proof->receipt)
            verdict_.check("answer.proof", "there is a signature or a receipt",
                           bad("E_PROOF_EMPTY", "proof.empty"));
        proof_keyset(*proof);
        if (report_ != nullptr)
            verdict_.check("answer.link", "something in the proof is signed by a key in the evidence",
                           linked_ ? Status{} : bad("E_SIGNER_UNKNOWN", "answer.link"));
        missing(*proof);
        verdict_.establish_text("request_sha256", to_hex(request_.view()));
        verdict_.establish_text("response_sha256", to_hex(response_.view()));
        if (report_ != nullptr) verdict_.set_simulated(report_->tdx().simulated());
        return std::move(verdict_);
    }

private:
    static Status status_of(const Result<ProofFile>& proof) {
        if (!proof) return std::unexpected(proof.error());
        return {};
    }

    /// The signed hash is another one. What one compatible service makes of forms is recognised, and refused
    /// all the same: forms with other names have the same.
    [[nodiscard]] std::unexpected<Error> other_request(const Digest256& signed_hash) const {
        const bool values = form_values_sha256(*bodies_.request) == signed_hash;
        return bad("E_REQUEST_HASH", "answer.request",
                   values ? "it is over the values of the form alone, which proves no names" : "");
    }

    void signature(const SignatureObject& object) {
        const bool ecdsa = object.signing_algo == "ecdsa";
        const auto text = parse_signed_text(object.text);
        const auto signer = text ? check_signer(object) : Result<Bytes>(std::unexpected(text.error()));
        verdict_.check(
            ecdsa ? "answer.ecdsa" : "answer.ed25519",
            ecdsa ? "the ecdsa signature is by its signer" : "the Ed25519 signature is by its signer",
            signer ? Status{} : Status(std::unexpected(signer.error())));
        if (!signer) return;
        verdict_.check("answer.request", "the signed request hash is that of the bytes",
                       text->request == request_ ? Status{} : other_request(text->request));
        verdict_.check("answer.response", "the signed response hash is that of the bytes",
                       text->response == response_ ? Status{} : bad("E_RESPONSE_HASH", "answer.response"));
        if (report_ != nullptr) signer_in_evidence(*signer, ecdsa);
        verdict_.establish_text(ecdsa ? "ecdsa_signer" : "ed25519_signer", to_hex(*signer));
    }

    void signer_in_evidence(const Bytes& signer, bool ecdsa) {
        const bool proves = ecdsa ? report_->ecdsa_address().has_value() : report_->ed25519_key().has_value();
        if (!proves) {
            verdict_.not_checked("N_SIGNER", ecdsa ? "who holds the ecdsa key: this evidence names none"
                                                   : "who holds the Ed25519 key: this evidence names none");
            return;
        }
        const ByteView key = ecdsa ? report_->ecdsa_address()->view() : report_->ed25519_key()->view();
        const bool known = equal(key, signer);
        linked_ = linked_ || known;
        verdict_.check(ecdsa ? "answer.ecdsa_signer" : "answer.ed25519_signer",
                       "the signer is a key in the evidence",
                       known ? Status{} : bad("E_SIGNER_UNKNOWN", "answer.signer"));
    }

    void receipt(const AciReceipt& r) {
        const auto* keyset = report_ != nullptr && report_->keyset() ? &*report_->keyset() : nullptr;
        if (keyset == nullptr) {
            verdict_.not_checked("N_RECEIPT", "the receipt: the evidence at hand proves no keyset");
            // Whoever wrote it: an answer that a receipt calls cut is not whole. The reverse proves nothing.
            if (!r.complete) completeness(r);
            return;
        }
        const bool held = verdict_.check("answer.receipt",
                                         "the receipt is signed by a key of the keyset and names these bytes",
                                         check_receipt(r, *keyset, bodies_));
        linked_ = linked_ || held;
        if (held) receipt_facts(r);
        verdict_.check("answer.time", "the receipt is of the time of its evidence", time(r));
        completeness(r);
        if (report_->statement()) statement(r, *report_->statement());
    }

    void receipt_facts(const AciReceipt& r) {
        verdict_.establish_text("receipt_id", r.receipt_id);
        verdict_.establish("served_at", std::to_string(r.served_at));
        verdict_.establish("complete", r.complete ? "true" : "false");
    }

    void completeness(const AciReceipt& r) {
        verdict_.check("answer.complete", "the answer is complete",
                       r.complete ? Status{} : bad("E_ANSWER_CUT", "answer.complete", r.cut_by.value_or("")));
    }

    [[nodiscard]] Status time(const AciReceipt& r) const {
        if (report_->made_at() && r.served_at < *report_->made_at())
            return bad("E_RECEIPT_TIME", "answer.time", "before the evidence was made");
        return {};
    }

    void statement(const AciReceipt& r, const evidence::LumozStatement& s) {
        if (r.model_root) {
            const auto& models = s.models;
            const bool known = std::ranges::any_of(models, [&](const evidence::ModelIdentity& m) {
                return m.model_root == *r.model_root && (!r.model || *r.model == m.name);
            });
            verdict_.check("answer.model", "the model is one that the evidence binds",
                           known ? Status{} : bad("E_ANSWER_MODEL", "answer.model"));
            if (known) verdict_.establish_text("model_root", *r.model_root);
        }
        if (r.config_sha256)
            verdict_.check("answer.config", "the configuration is the one that the evidence binds",
                           *r.config_sha256 == to_hex(s.config_sha256.view())
                               ? Status{}
                               : bad("E_ANSWER_CONFIG", "answer.config"));
        const std::optional<std::string> gpu =
            s.gpu_digest ? std::optional(to_hex(s.gpu_digest->view())) : std::nullopt;
        if (r.gpu_sha256)
            verdict_.check("answer.gpu", "the GPU evidence is the one that the evidence binds",
                           r.gpu_sha256 == gpu ? Status{} : bad("E_ANSWER_GPU", "answer.gpu"));
    }

    void proof_keyset(const ProofFile& proof) {
        if (!proof.keyset_digest || report_ == nullptr || !report_->keyset()) return;
        verdict_.check("answer.keyset", "the proof names the keyset of the evidence",
                       *proof.keyset_digest == report_->keyset()->digest()
                           ? Status{}
                           : bad("E_KEYSET", "answer.keyset_digest"));
    }

    void missing(const ProofFile& proof) {
        if (proof.signatures.empty())
            verdict_.not_checked("N_SIGNATURE", "a v1 signature: the proof has none");
        if (!proof.receipt) verdict_.not_checked("N_RECEIPT", "a receipt: the proof has none");
        if (report_ == nullptr)
            verdict_.not_checked("N_SIGNER", "who holds the signing keys: no evidence that holds was given");
        if (proof.receipt && !proof.receipt->model_root)
            verdict_.not_checked("N_MODEL", "which model answered: the receipt names no model root");
    }

    Digest256 request_;
    Digest256 response_;
    const VerifiedReport* report_;
    ReceiptBodies bodies_;
    Verdict verdict_;
    bool linked_ = false;  ///< something was signed by a key in the evidence
};

}  // namespace

Result<ProofFile> ProofFile::parse(std::string_view text) {
    const auto document = json::Document::parse(text, {.max_bytes = std::size_t{4} << 20, .max_depth = 32});
    if (!document) return fail(Errc::Malformed, "E_PROOF_PARSE", "proof.json", document.error().detail);
    const json::Value root = document->root();
    if (!root.is_object()) return kSchema.bad("proof", "not an object");
    ProofFile out;
    if (root.find("text")) {
        LUMOZ_TRY(SignatureObject object, SignatureObject::from(root));
        out.signatures.push_back(std::move(object));
        return out;
    }
    if (root.find("signatures")) {
        LUMOZ_TRY(const std::vector<json::Value> list, kSchema.array(root, "signatures"));
        if (list.size() > kMostSignatures) return kSchema.bad("signatures", "too many");
        for (const json::Value& value : list) {
            LUMOZ_TRY(SignatureObject object, SignatureObject::from(value));
            out.signatures.push_back(std::move(object));
        }
    }
    if (const auto receipt = root.find("receipt"); receipt && !receipt->is_null()) {
        LUMOZ_TRY(out.receipt, AciReceipt::from(*receipt));
    }
    LUMOZ_TRY(out.keyset_digest, kSchema.optional_text(root, "keyset_digest"));
    return out;
}

Verdict verify_answer(ByteView request, ByteView response, const Result<ProofFile>& proof,
                      const VerifiedReport* report) {
    return AnswerVerification(request, response, report).run(proof);
}

Verdict verify_answer(ByteView request, ByteView response, std::string_view proof,
                      const VerifiedReport* report) {
    return verify_answer(request, response, ProofFile::parse(proof), report);
}

Result<std::string> proof_keyset_digest(std::string_view proof) {
    LUMOZ_TRY(const ProofFile parsed, ProofFile::parse(proof));
    if (parsed.receipt) return parsed.receipt->keyset_digest;
    if (parsed.keyset_digest) return *parsed.keyset_digest;
    return fail(Errc::Usage, "E_PROOF_KEYSET", "answer.keyset",
                "the proof names no keyset, so its evidence cannot be looked up: give a report");
}

Result<ReportVerdict> verify_signer(std::string_view document, std::string_view proof,
                                    const ReportDemand& demand, std::optional<UnixTime> at) {
    if (recognise_report(document) != ReportForm::LumozStored) return verify_report(document, demand);
    LUMOZ_TRY(const std::string digest, proof_keyset_digest(proof));
    return verify_stored_evidence(document, digest, demand, at);
}

Result<Verdict> verify_signed_answer(ByteView request, ByteView response, std::string_view proof,
                                     std::string_view evidence, const ReportDemand& demand,
                                     std::optional<UnixTime> at) {
    ReportVerdict signer;
    if (!evidence.empty()) {
        LUMOZ_TRY(signer, verify_signer(evidence, proof, demand, at));
    }
    Verdict out = std::move(signer.verdict);
    out.append(verify_answer(request, response, proof, signer.report ? &*signer.report : nullptr));
    // Decision 5: an answer of an unknown program is refused unless the policy takes one.
    if (evidence.empty() && !demand.policy.allow_unknown_measurement) {
        out.add_findings(
            {{"P_MEASUREMENT", "no evidence of the signer was given: which program answered is unknown"}});
    }
    return out;
}

}  // namespace lumoz::verify

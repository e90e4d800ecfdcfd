// SPDX-License-Identifier: Apache-2.0
// `lumoz verify answer`: the bytes of one exchange, its proof, and the evidence of who signed it.
#include "app/cli/commands.hpp"
#include "app/cli/service.hpp"
#include "app/output/files.hpp"
#include "verify/answer.hpp"

namespace lumoz::app {
namespace {

verify::ReportDemand demand_of(const Trust& trust) {
    verify::ReportDemand demand;
    demand.roots = trust.roots;
    demand.policy = trust.policy;
    demand.now = trust.now;
    return demand;
}

/// A collection (stored evidence) has this member; reports have not.
bool is_collection(std::string_view document) {
    const auto parsed = json::Document::parse(document, {.max_bytes = kMaxDocument, .max_depth = 64});
    return parsed && parsed->root().find("__cmwc_t");
}

Result<std::string> keyset_digest_of(std::string_view proof) {
    LUMOZ_TRY(const verify::ProofFile parsed, verify::ProofFile::parse(proof));
    if (parsed.receipt) return parsed.receipt->keyset_digest;
    if (parsed.keyset_digest) return *parsed.keyset_digest;
    return fail(Errc::Usage, "E_PROOF_KEYSET", "cli.answer",
                "the proof names no keyset, so its evidence cannot be looked up: give --report");
}

verify::ReportVerdict stored(std::string_view document, std::string_view digest, const Trust& trust) {
    return verify::verify_stored_evidence(document, digest, demand_of(trust),
                                          trust.at_given ? std::optional(trust.now) : std::nullopt);
}

Result<verify::ReportVerdict> evidence_of(const VerifyAnswerOptions& options, const std::string& proof,
                                          const Trust& trust) {
    if (!options.url.empty()) {
        LUMOZ_TRY(const std::string digest, keyset_digest_of(proof));
        LUMOZ_TRY(Service service, Service::open(options.url, options.token_file));
        LUMOZ_TRY(const std::string document, service.document("/v1/evidence/" + digest));
        return stored(document, digest, trust);
    }
    LUMOZ_TRY(const std::string document, read_text(options.report));
    if (is_collection(document)) {
        LUMOZ_TRY(const std::string digest, keyset_digest_of(proof));
        return stored(document, digest, trust);
    }
    return verify::verify_report(document, demand_of(trust));
}

}  // namespace

Result<Answer> verify_answer_files(const VerifyAnswerOptions& options, const Trust& trust) {
    LUMOZ_TRY(const Bytes request, read_input(options.request, kMaxBody));
    LUMOZ_TRY(const Bytes response, read_input(options.response, kMaxBody));
    LUMOZ_TRY(const std::string proof, read_text(options.proof));
    Answer answer{.verdict = {}, .subject = "answer " + options.response};
    const verify::VerifiedReport* report = nullptr;
    verify::ReportVerdict evidence;
    if (!options.report.empty() || !options.url.empty()) {
        LUMOZ_TRY(evidence, evidence_of(options, proof, trust));
        if (evidence.report) report = &*evidence.report;
    }
    verify::Verdict answered = verify::verify_answer(request, response, proof, report);
    answer.verdict = std::move(evidence.verdict);
    answer.verdict.append(std::move(answered));
    // Decision 5: an answer of an unknown program is refused unless the policy takes one.
    if (options.report.empty() && options.url.empty() && !trust.policy.allow_unknown_measurement) {
        answer.verdict.add_findings(
            {{"P_MEASUREMENT",
              "no evidence of the signer was given (--report, --url): which program answered is unknown"}});
    }
    return answer;
}

}  // namespace lumoz::app

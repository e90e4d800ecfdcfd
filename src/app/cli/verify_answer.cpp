// SPDX-License-Identifier: Apache-2.0
// `lumoz verify answer`: the bytes of one exchange, its proof, and the evidence of who signed it.
#include "app/cli/commands.hpp"
#include "app/cli/service.hpp"
#include "app/output/files.hpp"
#include "verify/answer.hpp"

namespace lumoz::app {
namespace {

/// The document that tells who signed: a file, or what the service keeps; empty when neither is named.
Result<std::string> evidence_of(const VerifyAnswerOptions& options, const std::string& proof) {
    if (options.url.empty()) return options.report.empty() ? std::string() : read_text(options.report);
    LUMOZ_TRY(const std::string digest, verify::proof_keyset_digest(proof));
    LUMOZ_TRY(Service service, Service::open(options.url, options.token_file));
    return service.document("/v1/evidence/" + digest);
}

}  // namespace

Result<Answer> verify_answer_files(const VerifyAnswerOptions& options, const Trust& trust) {
    LUMOZ_TRY(const Bytes request, read_input(options.request, kMaxBody));
    LUMOZ_TRY(const Bytes response, read_input(options.response, kMaxBody));
    LUMOZ_TRY(const std::string proof, read_text(options.proof));
    LUMOZ_TRY(const std::string document, evidence_of(options, proof));
    Answer answer{.verdict = {}, .subject = "answer " + options.response};
    LUMOZ_TRY(answer.verdict,
              verify::verify_signed_answer(request, response, proof, document, verify::ReportDemand(trust),
                                           trust.at_given ? std::optional(trust.now) : std::nullopt));
    return answer;
}

}  // namespace lumoz::app

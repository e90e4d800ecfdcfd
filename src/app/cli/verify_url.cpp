// SPDX-License-Identifier: Apache-2.0
// `lumoz verify URL`: a live service, one screen, one verdict.
#include "app/cli/commands.hpp"
#include "app/cli/live_evidence.hpp"
#include "app/cli/stopwatch.hpp"

namespace lumoz::app {

Result<Answer> verify_url(const VerifyUrlOptions& options, const Trust& trust) {
    LUMOZ_TRY(Service service, Service::open(options.url, options.token_file));
    LUMOZ_TRY(LiveEvidence evidence, fetch_evidence(service, trust));
    if (!options.model.empty()) {
        LUMOZ_TRY(const std::string model, choose_model(evidence, options.model));
        evidence.result.verdict.establish_text("model_asked_for", model);
    }
    verify::Verdict& verdict = evidence.result.verdict;
    verdict.establish("verification_ms", json_ms(evidence.verify_ms));
    return Answer{.verdict = std::move(verdict), .subject = service.text(), .fold = true};
}

}  // namespace lumoz::app

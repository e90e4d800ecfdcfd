// SPDX-License-Identifier: Apache-2.0
// `lumoz verify URL`: a live service, one screen, one verdict.
#include "app/cli/commands.hpp"
#include "app/cli/live_evidence.hpp"
#include "app/cli/stopwatch.hpp"
#include "app/output/files.hpp"
#include "verify/bundle.hpp"

namespace lumoz::app {
namespace {

/// Report, nonce, key of the connection and keyset, whatever the verdict says: a bad report is worth keeping.
Status save_bundle(const std::string& path, const Service& service, const LiveEvidence& evidence,
                   UnixTime made_at) {
    verify::BundleParts parts;
    parts.made_at = made_at;
    parts.url = service.text();
    if (evidence.binds_nonce) parts.nonce = evidence.nonce;
    parts.tls_spki = service.peer_spki();
    parts.report = evidence.document;
    const auto& report = evidence.result.report;
    if (report && report->keyset()) parts.keyset = report->keyset()->canonical();
    LUMOZ_TRY(const std::string text, verify::make_bundle(parts));
    return write_output(path, as_bytes(text));
}

}  // namespace

Result<Answer> verify_url(const VerifyUrlOptions& options, const Trust& trust) {
    LUMOZ_TRY(Service service, Service::open(options.url, options.token_file));
    LUMOZ_TRY(LiveEvidence evidence, fetch_evidence(service, trust));
    if (!options.bundle.empty()) {
        LUMOZ_CHECK_OK(save_bundle(options.bundle, service, evidence, trust.now));
    }
    if (!options.model.empty()) {
        LUMOZ_TRY(const std::string model, choose_model(evidence, options.model));
        evidence.result.verdict.establish_text("model_asked_for", model);
    }
    verify::Verdict& verdict = evidence.result.verdict;
    verdict.establish("verification_ms", json_ms(evidence.verify_ms));
    return Answer{.verdict = std::move(verdict), .subject = service.text(), .fold = true};
}

}  // namespace lumoz::app

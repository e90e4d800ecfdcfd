// SPDX-License-Identifier: Apache-2.0
#include "app/cli/live_evidence.hpp"

#include "app/cli/stopwatch.hpp"
#include "base/hex.hpp"
#include "crypto/random.hpp"

#include <algorithm>

namespace lumoz::app {
namespace {

constexpr std::string_view kReportPath = "/v1/attestation/report";

/// True when the report is of the form that binds keys, models and configuration at once.
bool has_statement(std::string_view document) {
    const auto parsed = json::Document::parse(document, {.max_bytes = 8u << 20, .max_depth = 64});
    return parsed && parsed->root().find("statement");
}

/// Services of other families: the first that answers.
Result<std::string> fetch_other(Service& service, const std::string& query, const net::Response& refused) {
    for (const std::string_view path : {"/v1/aci/attestation?", "/.well-known/tinfoil-attestation?"}) {
        LUMOZ_TRY(const net::Response response, service.get(std::string(path) + query));
        if (response.head.status == 200) return std::string(as_text(response.body));
    }
    return service_error(kReportPath, refused);
}

Result<std::string> fetch(Service& service, const Nonce& nonce) {
    const std::string query = "nonce=" + to_hex(nonce.view());
    const std::string preferred = std::string(kReportPath) + "?" + query + "&binding=lumoz";
    LUMOZ_TRY(net::Response response, service.get(preferred));
    if (response.head.status == 200 && (has_statement(as_text(response.body)) || !service.is_https())) {
        return std::string(as_text(response.body));
    }
    if (response.head.status == 404) return fetch_other(service, query, response);
    if (response.head.status != 200 && response.head.status != 400) {
        return service_error(preferred, response);
    }
    // Another service of the family: the form that binds the TLS key where there is one.
    std::string target = std::string(kReportPath) + "?" + query;
    if (service.is_https()) target += "&include_tls_fingerprint=true";
    LUMOZ_TRY(response, service.get(target));
    if (response.head.status != 200) return service_error(target, response);
    return std::string(as_text(response.body));
}

void add_transport(verify::Verdict& verdict, const Service& service) {
    if (service.is_https()) return;
    verdict.not_checked("N_TRANSPORT",
                        service.is_loopback()
                            ? "the connection is plain HTTP inside this machine: no TLS key was compared"
                            : "the connection is plain HTTP: whoever is on the way can read and change "
                              "what is sent");
}

}  // namespace

Result<LiveEvidence> fetch_evidence(Service& service, const Trust& trust) {
    LiveEvidence out;
    out.nonce = crypto::random_fixed<Nonce>();
    LUMOZ_TRY(out.document, fetch(service, out.nonce));
    verify::ReportDemand demand(trust);
    const auto form = verify::recognise_report(out.document);
    out.binds_nonce = !form || verify::binds_nonce(*form);
    if (out.binds_nonce) demand.nonce = out.nonce;
    demand.tls_spki = service.peer_spki();
    const Stopwatch watch;
    out.result = verify::verify_report(out.document, demand);
    out.verify_ms = watch.ms();
    verify::Verdict& verdict = out.result.verdict;
    verdict.establish_text("url", service.text());
    if (out.result.report && out.result.report->form() != evidence::BindingForm::Lumoz) {
        verdict.not_checked(
            "N_BINDING",
            "the service does not offer binding=lumoz: models and configuration are its own word");
    }
    add_transport(verdict, service);
    return out;
}

Result<std::string> choose_model(LiveEvidence& evidence, const std::string& wanted) {
    const auto& report = evidence.result.report;
    if (!report || !report->statement()) return wanted;
    const auto& models = report->statement()->models;
    if (wanted.empty()) {
        if (models.size() == 1) return models.front().name;
        return fail(Errc::Usage, "E_MODEL", "cli.model",
                    "the service serves " + std::to_string(models.size()) + " models: name one with --model");
    }
    const bool known = std::ranges::any_of(models, [&](const auto& m) { return m.name == wanted; });
    evidence.result.verdict.check(
        "service.model", "the model asked for is among those that the evidence proves",
        known ? Status{}
              : fail(Errc::Refused, "E_MODEL_NOT_PROVEN", "service.model", "no such model in the statement"));
    return wanted;
}

}  // namespace lumoz::app

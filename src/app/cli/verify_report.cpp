// SPDX-License-Identifier: Apache-2.0
// `lumoz verify report`: offline.
#include "app/cli/commands.hpp"
#include "app/output/files.hpp"
#include "base/hex.hpp"
#include "verify/report.hpp"

namespace lumoz::app {

namespace {

/// The nonce that was sent; nothing only where that was said, or where the form has no room for one.
Result<std::optional<Nonce>> wanted_nonce(const std::string& text, std::string_view document) {
    if (text == "none") return std::optional<Nonce>();
    const auto form = verify::recognise_report(document);
    if (text.empty() && (!form || !verify::binds_nonce(*form))) return std::optional<Nonce>();
    const auto nonce = fixed_from_hex<Nonce>(text);
    if (!nonce) {
        return fail(
            Errc::Usage, "E_NONCE", "cli.nonce",
            "--nonce wants 64 hex digits: the nonce that you sent (or none, and freshness is not shown)");
    }
    return std::optional<Nonce>(*nonce);
}

}  // namespace

Result<Answer> verify_report_file(const VerifyReportOptions& options, const Trust& trust) {
    LUMOZ_TRY(const std::string document, read_text(options.file));
    verify::ReportDemand demand(trust);
    LUMOZ_TRY(demand.nonce, wanted_nonce(options.nonce, document));
    if (!options.collateral.empty()) {
        LUMOZ_TRY(const std::string text, read_text(options.collateral));
        LUMOZ_TRY(demand.collateral, evidence::Collateral::parse(text));
    }
    verify::ReportVerdict result = verify::verify_report(document, demand);
    return Answer{.verdict = std::move(result.verdict), .subject = "report " + options.file};
}

}  // namespace lumoz::app

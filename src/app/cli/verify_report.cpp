// SPDX-License-Identifier: Apache-2.0
// `lumoz verify report`: offline.
#include "app/cli/commands.hpp"
#include "app/output/files.hpp"
#include "base/hex.hpp"
#include "verify/report.hpp"

namespace lumoz::app {

Result<Answer> verify_report_file(const VerifyReportOptions& options, const Trust& trust) {
    const auto nonce = fixed_from_hex<Nonce>(options.nonce);
    if (!nonce) {
        return fail(Errc::Usage, "E_NONCE", "cli.nonce",
                    "--nonce wants 64 hex digits: the nonce that you sent");
    }
    LUMOZ_TRY(const std::string document, read_text(options.file));
    verify::ReportDemand demand;
    demand.roots = trust.roots;
    demand.policy = trust.policy;
    demand.now = trust.now;
    demand.nonce = *nonce;
    verify::ReportVerdict result = verify::verify_report(document, demand);
    return Answer{.verdict = std::move(result.verdict), .subject = "report " + options.file};
}

}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
// `lumoz verify report` and `lumoz verify quote`: offline.
#include "app/cli/commands.hpp"
#include "app/output/files.hpp"
#include "base/hex.hpp"
#include "evidence/event_log.hpp"
#include "verify/report.hpp"
#include "verify/tdx.hpp"

#include <algorithm>

namespace lumoz::app {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// A quote as bytes, or as hex text with an optional 0x. Binary quotes begin with a version number below
/// 0x10.
Result<Bytes> quote_bytes(Bytes content) {
    std::string_view text = trimmed(as_text(content));
    if (text.starts_with("0x")) text.remove_prefix(2);
    const bool is_hex = !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
    if (!is_hex) return content;
    return from_hex(text);
}

Result<evidence::Rtmrs> replay(ByteView log) {
    if (trimmed(as_text(log)).starts_with('[')) {
        LUMOZ_TRY(const evidence::EventLog list, evidence::parse_event_list(as_text(log)));
        return list.rtmr;
    }
    LUMOZ_TRY(const evidence::CcLog binary, evidence::parse_cc_log(log));
    return binary.rtmr;
}

Status compare_registers(const evidence::Rtmrs& rtmrs, const evidence::Quote& quote) {
    if (!quote.is_tdx()) return fail(Errc::Refused, "E_RTMR_MISMATCH", "eventlog.replay", "not a TDX quote");
    const std::vector<unsigned> differs = evidence::rtmr_mismatches(rtmrs, quote);
    if (differs.empty()) return {};
    std::string detail = "differs in RTMR";
    for (const unsigned n : differs)
        detail += " " + std::to_string(n);
    return fail(Errc::Refused, "E_RTMR_MISMATCH", "eventlog.replay", detail);
}

Status check_event_log(verify::Verdict& verdict, const std::string& file,
                       const std::optional<verify::VerifiedTdx>& tdx) {
    constexpr std::string_view kParse = "the event log can be read";
    constexpr std::string_view kReplay = "the event log replays to the registers of the quote";
    LUMOZ_TRY(const Bytes content, read_input(file));
    const auto rtmrs = replay(content);
    if (!rtmrs) {
        verdict.fail("eventlog.parse", kParse, rtmrs.error());
        verdict.not_reached("eventlog.replay", kReplay);
        return {};
    }
    verdict.pass("eventlog.parse", kParse);
    if (!tdx) {
        verdict.not_reached("eventlog.replay", kReplay);
        return {};
    }
    verdict.check("eventlog.replay", kReplay, compare_registers(*rtmrs, tdx->quote()));
    return {};
}

void add_policy(verify::Verdict& verdict, const verify::VerifiedTdx& tdx, const verify::Policy& policy) {
    verdict.add_findings(verify::evaluate(tdx.quote(), tdx.result(), policy));
    if (!policy.names_measurement()) {
        verdict.not_checked(
            "N_MEASUREMENT",
            "no policy names the programs that may run: any program can stand behind this quote");
    }
}

}  // namespace

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

Result<Answer> verify_quote_file(const VerifyQuoteOptions& options, const Trust& trust) {
    LUMOZ_TRY(Bytes content, read_input(options.file));
    LUMOZ_TRY(const Bytes quote, quote_bytes(std::move(content)));
    LUMOZ_TRY(const std::string collateral_text, read_text(options.collateral));
    Answer answer{.verdict = {}, .subject = "quote " + options.file};
    const auto collateral = evidence::Collateral::parse(collateral_text);
    if (!collateral) {
        answer.verdict.fail("tdx.collateral", "the collateral can be read", collateral.error());
        return answer;
    }
    verify::TdxVerdict result = verify::verify_tdx(quote, *collateral, trust.roots, trust.now);
    answer.verdict = std::move(result.verdict);
    if (result.tdx) {
        answer.verdict.set_simulated(result.tdx->simulated());
        add_policy(answer.verdict, *result.tdx, trust.policy);
    }
    if (!options.event_log.empty()) {
        LUMOZ_CHECK_OK(check_event_log(answer.verdict, options.event_log, result.tdx));
    }
    return answer;
}

}  // namespace lumoz::app

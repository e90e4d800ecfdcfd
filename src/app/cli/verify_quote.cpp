// SPDX-License-Identifier: Apache-2.0
// `lumoz verify quote`: a quote with its collateral, a policy and an event log; offline.
#include "app/cli/commands.hpp"
#include "app/cli/event_log.hpp"
#include "app/cli/platform.hpp"
#include "app/output/files.hpp"
#include "base/hex.hpp"
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

void add_policy(verify::Verdict& verdict, const verify::VerifiedTdx& tdx, const verify::Policy& policy) {
    verdict.add_findings(verify::evaluate(tdx.quote(), tdx.result(), policy));
    if (!policy.names_measurement()) {
        verdict.not_checked(
            "N_MEASUREMENT",
            "no policy names the programs that may run: any program can stand behind this quote");
    }
}

}  // namespace

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
        answer.sections.push_back(quote_section(result.tdx->quote()));
        answer.sections.push_back(platform_section(result.tdx->result()));
    }
    if (!options.event_log.empty()) {
        LUMOZ_TRY(const Bytes log, read_input(options.event_log));
        const evidence::Quote* const proven = result.tdx ? &result.tdx->quote() : nullptr;
        answer.sections.push_back(check_event_log(answer.verdict, log, proven));
    }
    return answer;
}

}  // namespace lumoz::app

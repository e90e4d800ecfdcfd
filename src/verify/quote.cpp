// SPDX-License-Identifier: Apache-2.0
#include "verify/quote.hpp"

#include "base/hex.hpp"

namespace lumoz::verify {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

void add_policy(Verdict& verdict, const VerifiedTdx& tdx, const Policy& policy) {
    verdict.add_findings(evaluate(tdx.quote(), tdx.result(), policy));
    if (policy.names_measurement()) return;
    verdict.not_checked("N_MEASUREMENT",
                        "no policy names the programs that may run: any program can stand behind this quote");
}

}  // namespace

// Binary quotes begin with a version number below 0x10.
Result<Bytes> quote_bytes(ByteView content) {
    std::string_view text = trimmed(as_text(content));
    if (text.starts_with("0x")) text.remove_prefix(2);
    const bool is_hex = !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
    if (!is_hex) return to_bytes(content);
    return from_hex(text);
}

QuoteVerdict verify_quote(ByteView quote, std::string_view collateral, std::optional<ByteView> log,
                          const QuoteDemand& demand) {
    QuoteVerdict out;
    const auto bundle = evidence::Collateral::parse(collateral);
    if (!bundle) {
        out.verdict.fail("tdx.collateral", "the collateral can be read", bundle.error());
        return out;
    }
    TdxVerdict result = verify_tdx(quote, *bundle, demand.roots, demand.now);
    out.verdict = std::move(result.verdict);
    out.tdx = std::move(result.tdx);
    if (out.tdx) {
        out.verdict.set_simulated(out.tdx->simulated());
        add_policy(out.verdict, *out.tdx, demand.policy);
    }
    if (log) out.log = check_event_log(out.verdict, *log, out.tdx ? &out.tdx->quote() : nullptr);
    return out;
}

}  // namespace lumoz::verify

// SPDX-License-Identifier: Apache-2.0
#include "verify/quote.hpp"

#include "base/hex.hpp"
#include "base/trim.hpp"

namespace lumoz::verify {
namespace {

constexpr json::Limits kDocument{.max_bytes = std::size_t{32} << 20, .max_depth = 32};

/// The text of the quote in a report or a guest agent's answer; nothing in another document.
std::optional<std::string> quote_in_document(std::string_view text) {
    const auto document = json::Document::parse(text, kDocument);
    if (!document) return std::nullopt;
    for (const std::string_view name : {"intel_quote", "quote"}) {
        const auto member = document->root().find(name);
        if (auto hex = member ? member->as_string() : std::nullopt) return hex;
    }
    return std::nullopt;
}

/// The bundle itself, or the member `collateral` of a report.
Result<evidence::Collateral> read_collateral(std::string_view text) {
    const auto document = json::Document::parse(text, kDocument);
    if (!document)
        return fail(Errc::Malformed, "E_COLLATERAL_PARSE", "collateral.json", document.error().detail);
    return evidence::Collateral::from(document->root().find("collateral").value_or(document->root()));
}

std::string lines_json(const std::vector<std::string>& lines) {
    json::Writer out;
    out.array();
    for (const std::string& line : lines)
        out.string(trimmed(line));
    out.end();
    return std::move(out).text();
}

void add_policy(Verdict& verdict, const VerifiedTdx& tdx, const Policy& policy) {
    verdict.add_findings(evaluate(tdx.quote(), tdx.result(), policy));
    if (!policy.names_measurement()) verdict.not_checked("N_MEASUREMENT", policy.why_no_measurement());
    if (!policy.report_data)
        verdict.not_checked(
            "N_REPORT_DATA",
            "what the quote was made for and whether it is fresh: no policy names report_data");
    if (!policy.allow_ppid && !policy.allow_piid)
        verdict.not_checked("N_PLATFORM",
                            "which machine it is and who holds it: no policy names allow_ppid or allow_piid");
}

}  // namespace

// Binary quotes begin with a version number below 0x10.
Result<Bytes> quote_bytes(ByteView content) {
    std::string_view text = trimmed(as_text(content));
    const std::optional<std::string> inner = quote_in_document(text);
    if (inner) text = *inner;
    if (text.starts_with("0x")) text.remove_prefix(2);
    if (text.empty() || !is_hex(text)) return to_bytes(content);
    return from_hex(text);
}

QuoteVerdict verify_quote(ByteView quote, std::string_view collateral, std::optional<ByteView> log,
                          const Trust& trust) {
    QuoteVerdict out;
    const auto bundle = read_collateral(collateral);
    if (!bundle) {
        out.verdict.fail("tdx.collateral", "the collateral can be read", bundle.error());
        return out;
    }
    TdxVerdict result = verify_tdx(quote, *bundle, trust.roots, trust.now);
    out.verdict = std::move(result.verdict);
    out.tdx = std::move(result.tdx);
    if (out.tdx) {
        add_policy(out.verdict, *out.tdx, trust.policy);
        out.verdict.establish("explanation", lines_json(explain(out.tdx->result())));
    }
    if (log) {
        out.log = check_event_log(out.verdict, *log, out.tdx ? &out.tdx->quote() : nullptr);
    } else if (out.tdx && out.tdx->quote().is_tdx()) {
        out.verdict.not_checked("N_EVENT_LOG", "how the registers came to be: no event log was given");
    }
    return out;
}

}  // namespace lumoz::verify

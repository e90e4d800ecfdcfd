// SPDX-License-Identifier: Apache-2.0
// `lumoz verify quote`: an Intel TDX or SGX quote with its collateral, a policy and an event log, offline.
#include "app/cli/commands.hpp"
#include "app/cli/event_log_view.hpp"
#include "app/output/files.hpp"
#include "base/hex.hpp"
#include "verify/tdx.hpp"

#include <algorithm>

namespace lumoz::app {
namespace {

using evidence::Content;
using verify::TdxResult;
using verify::Verdict;
using verify::VerifiedTdx;

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

constexpr json::Limits kDocument{.max_bytes = kMaxDocument, .max_depth = 32};

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

/// A quote as bytes, as hex text with an optional 0x, or in a JSON document. Binary quotes begin with a
/// version number below 0x10.
Result<Bytes> quote_bytes(Bytes content) {
    std::string_view text = trimmed(as_text(content));
    std::optional<std::string> inner;
    if (text.starts_with('{') && (inner = quote_in_document(text))) text = *inner;
    if (text.starts_with("0x")) text.remove_prefix(2);
    const bool is_hex = !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
    if (!is_hex) return content;
    return from_hex(text);
}

/// The bundle itself, or the member `collateral` of a report.
Result<evidence::Collateral> read_collateral(std::string_view text) {
    const auto document = json::Document::parse(text, kDocument);
    const auto member = document ? document->root().find("collateral") : std::nullopt;
    return member ? evidence::Collateral::from(*member) : evidence::Collateral::parse(text);
}

/// The fields of the body that say what runs, the others with --explain.
Section quote_section(const evidence::Quote& quote) {
    constexpr std::string_view kProgram[] = {"mr_td",   "rtmr0",      "rtmr1",     "rtmr2",
                                             "rtmr3",   "mr_enclave", "mr_signer", "isv_prod_id",
                                             "isv_svn", "report_data"};
    Section out{
        std::string(quote.is_tdx() ? "TDX" : "SGX") + " quote, version " + std::to_string(quote.version()),
        {}};
    for (const evidence::Field& field : evidence::body_fields(quote.body_kind())) {
        const bool program = std::ranges::find(kProgram, field.name) != std::end(kProgram);
        const std::string value = field.integer ? std::to_string(quote.integer(field.name).value_or(0))
                                                : to_hex(*quote.field(field.name));
        out.lines.push_back(
            {std::string(field.name), value, Tone::Dim, program ? When::Always : When::Explain});
    }
    return out;
}

/// What the platform lacks; the whole of it with --explain, else how much there is to say.
Section lack_section(const TdxResult& result) {
    Section out{"what the platform lacks", {}, true};
    const std::vector<std::string> lines = verify::explain(result);
    for (const std::string& line : lines) {
        const bool inner = line.starts_with("  ");
        out.lines.push_back({"", inner ? "- " + line.substr(2) : line, Tone::Plain, When::Explain});
    }
    if (!result.remedies.empty() || !result.current_remedies.empty()) {
        const std::size_t behind = std::max(result.shortfall().size(), result.current_shortfall().size());
        out.lines.push_back({"",
                             behind == 0 ? "no patch; --explain says what"
                                         : std::to_string(behind) +
                                               (behind == 1 ? " component is" : " components are") +
                                               " behind; --explain says which, and by how much",
                             Tone::Plain, When::Folded});
    }
    return out;
}

std::string lines_json(const std::vector<std::string>& lines) {
    json::Writer out;
    out.array();
    for (const std::string& line : lines)
        out.string(trimmed(line));
    out.end();
    return std::move(out).text();
}

void add_policy(Verdict& verdict, const VerifiedTdx& tdx, const verify::Policy& policy) {
    verdict.add_findings(verify::evaluate(tdx.quote(), tdx.result(), policy));
    if (!policy.names_measurement()) verdict.not_checked("N_MEASUREMENT", policy.why_no_measurement());
    if (!policy.report_data)
        verdict.not_checked(
            "N_REPORT_DATA",
            "what the quote was made for and whether it is fresh: no policy names report_data");
    if (!policy.allow_ppid && !policy.allow_piid)
        verdict.not_checked("N_PLATFORM",
                            "which machine it is and who holds it: no policy names allow_ppid or allow_piid");
}

void tell(Answer& answer, const VerifiedTdx& tdx) {
    answer.sections.push_back(quote_section(tdx.quote()));
    const std::vector<std::string> lines = verify::explain(tdx.result());
    answer.verdict.establish("explanation", lines_json(lines));
    answer.sections.push_back(lack_section(tdx.result()));
}

Status compare_registers(const EventLogView& log) {
    std::string detail;
    for (unsigned i = 0; i < 4; ++i)
        if (log.registers()[i].differs()) detail += " " + std::to_string(i);
    if (detail.empty()) return {};
    return fail(Errc::Refused, "E_RTMR_MISMATCH", "eventlog.replay", "differs in RTMR" + detail);
}

void remark_on_log(Verdict& verdict, const EventLogView& log) {
    if (!log.registers()[3].covered)
        verdict.not_checked("N_RTMR3", "RTMR3: the firmware's log does not cover what the runtime extended");
    if (const std::size_t n = log.events_with(Content::Unproven); n > 0)
        verdict.not_checked("N_EVENT_CONTENT",
                            "the content of " + std::to_string(n) +
                                " events: their digests cover more than the log shows, or something else");
    if (const std::size_t n = log.events_with(Content::Differs); n > 0)
        verdict.not_checked("N_EVENT_FALSE", "the content of " + std::to_string(n) +
                                                 " events is not what was measured: it does not count");
}

/// Replays the log beside the registers. What it shows is evidence only when the replay holds.
Status check_event_log(Answer& answer, const std::string& file, const std::optional<VerifiedTdx>& tdx) {
    constexpr std::string_view kParse = "the event log can be read";
    constexpr std::string_view kReplay = "the event log replays to the registers of the quote";
    Verdict& verdict = answer.verdict;
    LUMOZ_TRY(const Bytes content, read_input(file));
    Result<EventLogView> log = EventLogView::read(content);
    if (!log) {
        verdict.fail("eventlog.parse", kParse, log.error());
        verdict.not_reached("eventlog.replay", kReplay);
        return {};
    }
    verdict.pass("eventlog.parse", kParse);
    if (!tdx) {
        verdict.not_reached("eventlog.replay", kReplay);
    } else if (!tdx->quote().is_tdx()) {
        verdict.check("eventlog.replay", kReplay,
                      fail(Errc::Refused, "E_RTMR_MISMATCH", "eventlog.replay", "not a TDX quote"));
    } else {
        log->compare(tdx->quote());
        verdict.check("eventlog.replay", kReplay, compare_registers(*log));
        remark_on_log(verdict, *log);
    }
    verdict.establish("event_log", log->json());
    answer.sections.push_back(log->section());
    return {};
}

}  // namespace

Result<Answer> verify_quote_file(const VerifyQuoteOptions& options, const Trust& trust) {
    LUMOZ_TRY(Bytes content, read_input(options.file));
    LUMOZ_TRY(const Bytes quote, quote_bytes(std::move(content)));
    LUMOZ_TRY(const std::string collateral_text, read_text(options.collateral));
    Answer answer{.verdict = {}, .subject = "quote " + options.file};
    const auto collateral = read_collateral(collateral_text);
    if (!collateral) {
        answer.verdict.fail("tdx.collateral", "the collateral can be read", collateral.error());
        return answer;
    }
    verify::TdxVerdict result = verify::verify_tdx(quote, *collateral, trust.roots, trust.now);
    answer.verdict = std::move(result.verdict);
    if (result.tdx) {
        answer.verdict.set_simulated(result.tdx->simulated());
        add_policy(answer.verdict, *result.tdx, trust.policy);
        tell(answer, *result.tdx);
    }
    if (!options.event_log.empty()) {
        LUMOZ_CHECK_OK(check_event_log(answer, options.event_log, result.tdx));
    } else if (result.tdx && result.tdx->quote().is_tdx()) {
        answer.verdict.not_checked("N_EVENT_LOG", "how the registers came to be: no event log was given");
    }
    return answer;
}

}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
// `dstack_report_edits`: a real report with one change each, which the verifier must see by the rule that it
// breaks. The report without any change must be proven first.
#include "app/output/files.hpp"
#include "app/vectors/check.hpp"
#include "app/vectors/suites.hpp"
#include "base/hex.hpp"
#include "verify/report.hpp"

#include <algorithm>

namespace lumoz::app::vectors {
namespace {

constexpr json::Limits kLimits{.max_bytes = std::size_t{16} << 20, .max_depth = 32};
constexpr std::size_t kMostFile = std::size_t{16} << 20;

/// What a report claims, taken apart. The quote carries 64 bytes 01: the plain form of an Ed25519 key and a
/// nonce of those bytes.
struct Claims {
    std::string quote, event_log, compose;
    std::string algo = "ed25519", address = to_hex(Bytes(32, 1));
    std::uint8_t expected_nonce = 1;

    [[nodiscard]] std::string document() const {
        const std::string tcb_info = R"({"app_compose":)" + json::quoted(compose) + "}";
        json::Writer out;
        out.object();
        out.key("intel_quote").string(quote);
        out.key("event_log").string(event_log);
        out.key("info").object().key("tcb_info").string(tcb_info).end();
        out.key("signing_algo").string(algo);
        out.key("signing_address").string(address);
        out.key("request_nonce").string(to_hex(Bytes(32, 1)));
        out.end();
        return std::move(out).text();
    }
};

Result<Claims> real_claims(const std::filesystem::path& folder) {
    LUMOZ_TRY(const std::string file, read_text(folder / "real/dstack_report.json", kMostFile));
    LUMOZ_TRY(const json::Document document, json::Document::parse(file, kLimits));
    LUMOZ_TRY(const json::Value report, member(document.root(), "report"));
    Claims out;
    LUMOZ_TRY(out.quote, text(report, "intel_quote"));
    LUMOZ_TRY(out.event_log, text(report, "event_log"));
    LUMOZ_TRY(const Bytes compose, base64(document.root(), "app_compose_b64"));
    out.compose = as_text(compose);
    return out;
}

/// The rule that speaks first, or `proven`.
Result<std::string> outcome_of(const Claims& claims, const std::filesystem::path& folder) {
    LUMOZ_TRY(const std::string file,
              read_text(folder / "../tdx/collateral/real/D_tdx_20A06F_2025-09.json", kMostFile));
    LUMOZ_TRY(const evidence::Collateral collateral, evidence::Collateral::parse(file));
    const auto prepared = verify::PreparedCollateral::prepare(collateral, verify::RootPins());
    verify::ReportDemand demand;
    demand.policy.allow_unknown_measurement = true;
    demand.now = (prepared.not_before() + prepared.not_after()) / 2;
    demand.collateral = collateral;
    demand.nonce.emplace().bytes.fill(claims.expected_nonce);
    const verify::ReportVerdict got = verify::verify_report(claims.document(), demand);
    if (got.report) return "proven";
    const auto error = got.verdict.error();
    return error ? std::string(error->rule) : "refused without a reason";
}

Status replace(std::string& text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos) return mismatch("the report has no " + std::string(from));
    text.replace(at, from.size(), to);
    return {};
}

/// Swaps the second and the third of the events that extend RTMR3.
Status swap_events(std::string& log) {
    LUMOZ_TRY(const json::Document document, json::Document::parse(log, kLimits));
    std::vector<std::string> events;
    std::vector<std::size_t> runtime;
    for (const json::Value& event : document.root().elements()) {
        LUMOZ_TRY(const std::int64_t imr, number(event, "imr"));
        if (imr == 3) runtime.push_back(events.size());
        events.emplace_back(event.raw());
    }
    if (runtime.size() < 3) return mismatch("fewer than three events of RTMR3");
    std::swap(events[runtime[1]], events[runtime[2]]);
    std::string out;
    for (const std::string& event : events)
        out += (out.empty() ? "[" : ",") + event;
    log = out + "]";
    return {};
}

Status zero_compose_payload(std::string& log) {
    constexpr std::string_view kPayload = "event_payload\":\"";
    const std::size_t at = log.find(kPayload, std::min(log.find("\"compose-hash\""), log.size()));
    if (at == std::string::npos) return mismatch("the log has no compose-hash");
    log.replace(at + kPayload.size(), 64, std::string(64, '0'));
    return {};
}

struct Edit {
    std::string_view id;
    std::string_view rule;
    Status (*apply)(Claims& claims);
};

constexpr Edit kEdits[] = {
    {"compose-space", "E_COMPOSE",
     [](Claims& c) -> Status {
         c.compose += ' ';
         return {};
     }},
    {"compose-env", "E_COMPOSE",
     [](Claims& c) -> Status { return replace(c.compose, "GITHUB_TOKEN", "GITHUB_TOKEM"); }},
    {"events-swapped", "E_RTMR_MISMATCH", [](Claims& c) -> Status { return swap_events(c.event_log); }},
    {"payload-changed-digest-kept", "E_EVENT_DIGEST",
     [](Claims& c) -> Status { return zero_compose_payload(c.event_log); }},
    {"nonce-not-bound", "E_NONCE_MISMATCH",
     [](Claims& c) -> Status {
         c.expected_nonce = 2;
         return {};
     }},
    {"nonce-of-ones", "E_BINDING",
     [](Claims& c) -> Status {
         c.algo = "ecdsa";
         c.address = "0x" + to_hex(Bytes(20, 1));
         return {};
     }},
};

Status run_edit(const Case& c) {
    LUMOZ_TRY(Claims claims, real_claims(c.folder));
    LUMOZ_TRY(const std::string unchanged, outcome_of(claims, c.folder));
    LUMOZ_CHECK_OK(same("the report without a change", "proven", unchanged));
    const auto* const edit = std::ranges::find(kEdits, c.id, &Edit::id);
    if (edit == std::end(kEdits)) return mismatch("an edit that this runner does not know");
    LUMOZ_CHECK_OK(edit->apply(claims));
    LUMOZ_TRY(const std::string rule, outcome_of(claims, c.folder));
    return same("rule", edit->rule, rule);
}

}  // namespace

void add_report_edits(Handlers& handlers) {
    handlers["dstack_report_edits"] = run_edit;
}

}  // namespace lumoz::app::vectors

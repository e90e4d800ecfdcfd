// SPDX-License-Identifier: Apache-2.0
#include "verify/event_log_check.hpp"

#include "base/hex.hpp"

namespace lumoz::verify {
namespace {

Result<LogReplay> replay(ByteView log) {
    const std::string_view text = as_text(log);
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && text[first] == '[') {
        LUMOZ_TRY(evidence::EventLog list, evidence::parse_event_list(text));
        LogReplay out{
            .form = "dstack", .events = list.events.size(), .rtmr = list.rtmr, .extends = list.extends};
        for (evidence::Event& event : list.events)
            if (event.runtime()) out.runtime.push_back(std::move(event));
        return out;
    }
    LUMOZ_TRY(const evidence::CcLog binary, evidence::parse_cc_log(log));
    return LogReplay{.form = "ccel", .events = binary.events, .rtmr = binary.rtmr, .extends = binary.extends};
}

Status compare(const LogReplay& log, const evidence::Quote& quote) {
    if (!quote.is_tdx()) return fail(Errc::Refused, "E_RTMR_MISMATCH", "eventlog.replay", "not a TDX quote");
    const std::vector<unsigned> differs = evidence::rtmr_mismatches(log.rtmr, quote);
    if (differs.empty()) return {};
    std::string detail = "differs in RTMR";
    for (const unsigned n : differs)
        detail += " " + std::to_string(n);
    return fail(Errc::Refused, "E_RTMR_MISMATCH", "eventlog.replay", detail);
}

std::string to_json(const LogReplay& log, const evidence::Quote* quote) {
    json::Writer out;
    out.object();
    out.key("form").string(log.form);
    out.key("events").integer(static_cast<std::int64_t>(log.events));
    out.key("runtime").array();
    for (const evidence::Event& event : log.runtime)
        out.object().key("name").string(event.name).key("payload").string(to_hex(event.payload)).end();
    out.end();
    out.key("registers").array();
    for (unsigned n = 0; n < 4; ++n) {
        out.object();
        out.key("register").string("RTMR" + std::to_string(n));
        out.key("events").integer(static_cast<std::int64_t>(log.extends[n]));
        out.key("replay").string(to_hex(log.rtmr[n].view()));
        if (quote != nullptr && quote->is_tdx()) {
            out.key("quote").string(to_hex(quote->rtmr(n).view()));
            out.key("match").boolean(log.rtmr[n] == quote->rtmr(n));
        }
        out.end();
    }
    out.end().end();
    return std::move(out).text();
}

}  // namespace

std::optional<LogReplay> check_event_log(Verdict& verdict, ByteView log, const evidence::Quote* quote) {
    constexpr std::string_view kParse = "the event log can be read";
    constexpr std::string_view kReplay = "the event log replays to the registers of the quote";
    auto read = replay(log);
    if (!read) {
        verdict.fail("eventlog.parse", kParse, read.error());
        verdict.not_reached("eventlog.replay", kReplay);
        return std::nullopt;
    }
    verdict.pass("eventlog.parse", kParse);
    if (quote != nullptr) {
        verdict.check("eventlog.replay", kReplay, compare(*read, *quote));
    } else {
        verdict.not_reached("eventlog.replay", kReplay);
    }
    verdict.establish("event_log", to_json(*read, quote));
    return std::move(*read);
}

}  // namespace lumoz::verify

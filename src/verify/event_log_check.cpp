// SPDX-License-Identifier: Apache-2.0
#include "verify/event_log_check.hpp"

#include "base/hex.hpp"

#include <algorithm>

namespace lumoz::verify {

using evidence::CcEvent;
using evidence::Content;
using evidence::Event;

namespace {

constexpr unsigned kRuntimeRegister = 3;
constexpr std::uint32_t kNoAction = 3;

std::string type_text(std::uint32_t type) {
    const std::string_view known = evidence::cc_type_name(type);
    return known.empty() ? hex_word(type) : std::string(known);
}

std::string_view result_of(const LoggedRegister& r) {
    if (!r.quote) return "not_compared";
    if (!r.covered) return "not_covered";
    return r.differs() ? "differs" : "matches";
}

/// A payload as text where it is one, else as hex; long ones are cut.
std::string readable(ByteView payload) {
    const bool text = payload.size() >= 4 &&
                      std::ranges::all_of(payload, [](std::uint8_t b) { return b >= 0x20 && b < 0x7f; });
    std::string out = text ? std::string(as_text(payload)) : to_hex(payload);
    constexpr std::size_t kShown = 96;
    if (out.size() > kShown) out = out.substr(0, kShown) + "…";
    return out;
}

/// What is known of a boot event: firmware's own data, checked by its type where the list still has it.
void describe_boot(const Event& event, LoggedEvent& shown) {
    if (event.payload.empty()) return;
    const CcEvent record{event.imr + 1, event.type, event.digest, event.payload, 0};
    shown.content = check_content(record);
    if (std::string text = content_text(record); !text.empty() && event.name.empty())
        shown.name = std::move(text);
}

/// The list in a document around it.
Result<evidence::EventLog> list_in_document(std::string_view text) {
    constexpr json::Limits kLimits{.max_bytes = std::size_t{32} << 20, .max_depth = 32};
    const auto document = json::Document::parse(text, kLimits);
    if (!document)
        return fail(Errc::Malformed, "E_EVENTLOG_PARSE", "eventlog.document", document.error().detail);
    const auto member = document->root().find("event_log");
    if (!member)
        return fail(Errc::Malformed, "E_EVENTLOG_PARSE", "eventlog.document",
                    "offset 0: no member event_log");
    if (const auto inner = member->as_string()) return evidence::parse_event_list(*inner);
    return evidence::parse_event_list(*member);
}

void write_event(json::Writer& out, const LoggedEvent& e) {
    out.object();
    out.key("event").string(e.name);
    out.key("event_type").integer(e.type);
    out.key("type").string(e.type_name);
    out.key("digest").string(to_hex(e.digest.view()));
    out.key("content").string(to_text(e.content));
    if (!e.payload.empty()) out.key("payload").string(e.payload);
    if (e.late) out.key("counts").boolean(false);
    out.end();
}

void remark_on_log(Verdict& verdict, const LogReplay& log) {
    if (!log.registers()[kRuntimeRegister].covered)
        verdict.not_checked("N_RTMR3", "RTMR3: the firmware's log does not cover what the runtime extended");
    if (const std::size_t n = log.events_with(Content::Unproven); n > 0)
        verdict.not_checked("N_EVENT_CONTENT",
                            "the content of " + std::to_string(n) +
                                " events: their digests cover more than the log shows, or something else");
    if (const std::size_t n = log.events_with(Content::Differs); n > 0)
        verdict.not_checked("N_EVENT_FALSE", "the content of " + std::to_string(n) +
                                                 " events is not what was measured: it does not count");
}

}  // namespace

Result<LogReplay> LogReplay::read(ByteView content) {
    const std::string_view text = as_text(content);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    LogReplay out;
    // The first byte of a binary log is a register's number, which is never `[`.
    if (first == std::string_view::npos || text[first] == '[' || text[first] == '{') {
        const bool whole = first == std::string_view::npos || text[first] == '[';
        LUMOZ_TRY(const evidence::EventLog list,
                  whole ? evidence::parse_event_list(text) : list_in_document(text));
        out.take(list);
    } else {
        LUMOZ_TRY(const evidence::CcLog binary, evidence::parse_cc_log(content));
        out.take(binary);
    }
    return out;
}

void LogReplay::take(const evidence::EventLog& log) {
    form_ = "dstack";
    evidence::BootPhases phases;
    for (const Event& event : log.events) {
        const bool named = !event.name.empty();
        LoggedEvent shown{.name = named ? event.name : type_text(event.type),
                          .type = event.type,
                          .type_name = type_text(event.type),
                          .digest = event.digest,
                          .content = event.runtime() ? Content::Proven : Content::Unproven,
                          .payload = to_hex(event.payload),
                          .text = {}};
        if (!event.runtime()) describe_boot(event, shown);
        if (event.runtime()) {
            shown.text = readable(event.payload);
            shown.type_name = "runtime event";
            shown.late = !phases.counts(event.name);
        }
        registers_[event.imr].events.push_back(std::move(shown));
    }
    for (unsigned i = 0; i < 4; ++i)
        registers_[i].replay = log.rtmr[i];
}

void LogReplay::take(const evidence::CcLog& log) {
    form_ = "ccel";
    for (const CcEvent& event : log.records) {
        if (event.index == 0 || event.type == kNoAction) continue;
        LoggedEvent shown{.name = content_text(event),
                          .type = event.type,
                          .type_name = type_text(event.type),
                          .digest = event.digest,
                          .content = check_content(event),
                          .payload = {},
                          .text = {}};
        if (shown.name.empty()) shown.name = shown.type_name;
        registers_[event.index - 1].events.push_back(std::move(shown));
    }
    for (unsigned i = 0; i < 4; ++i)
        registers_[i].replay = log.rtmr[i];
}

void LogReplay::compare(const evidence::Quote& quote) {
    for (unsigned i = 0; i < 4; ++i)
        registers_[i].quote = quote.rtmr(i);
    LoggedRegister& runtime = registers_[kRuntimeRegister];
    // tdx.md 11.1: what a runtime extends is not in the firmware's table.
    runtime.covered = form_ != "ccel" || !runtime.events.empty() || *runtime.quote == Digest384();
}

std::size_t LogReplay::events_with(Content content) const {
    std::size_t out = 0;
    for (const LoggedRegister& r : registers_)
        out += static_cast<std::size_t>(std::ranges::count(r.events, content, &LoggedEvent::content));
    return out;
}

std::vector<unsigned> LogReplay::mismatches() const {
    std::vector<unsigned> out;
    for (unsigned i = 0; i < 4; ++i)
        if (registers_[i].differs()) out.push_back(i);
    return out;
}

std::string LogReplay::json() const {
    json::Writer out;
    out.object();
    out.key("form").string(form_);
    out.key("registers").array();
    for (unsigned i = 0; i < 4; ++i) {
        const LoggedRegister& r = registers_[i];
        out.object();
        out.key("rtmr").integer(i);
        out.key("result").string(result_of(r));
        out.key("replay").string(to_hex(r.replay.view()));
        if (r.quote) out.key("quote").string(to_hex(r.quote->view()));
        out.key("events").array();
        for (const LoggedEvent& e : r.events)
            write_event(out, e);
        out.end();
        out.end();
    }
    out.end();
    out.key("mismatch").array();
    for (const unsigned number : mismatches())
        out.integer(number);
    out.end();
    out.end();
    return std::move(out).text();
}

Status check_mismatches(std::span<const unsigned> numbers, std::string_view where) {
    if (numbers.empty()) return {};
    std::string detail = "differs in RTMR";
    for (const unsigned number : numbers)
        detail += " " + std::to_string(number);
    return fail(Errc::Refused, "E_RTMR_MISMATCH", where, std::move(detail));
}

std::optional<LogReplay> check_event_log(Verdict& verdict, ByteView log, const evidence::Quote* quote) {
    constexpr std::string_view kParse = "the event log can be read";
    constexpr std::string_view kReplay = "the event log replays to the registers of the quote";
    Result<LogReplay> read = LogReplay::read(log);
    if (!read) {
        verdict.fail("eventlog.parse", kParse, read.error());
        verdict.not_reached("eventlog.replay", kReplay);
        return std::nullopt;
    }
    verdict.pass("eventlog.parse", kParse);
    if (quote == nullptr) {
        verdict.not_reached("eventlog.replay", kReplay);
    } else if (!quote->is_tdx()) {
        verdict.check("eventlog.replay", kReplay,
                      fail(Errc::Refused, "E_RTMR_MISMATCH", "eventlog.replay", "not a TDX quote"));
    } else {
        read->compare(*quote);
        verdict.check("eventlog.replay", kReplay, check_mismatches(read->mismatches(), "eventlog.replay"));
        remark_on_log(verdict, *read);
    }
    verdict.establish("event_log", read->json());
    return *std::move(read);
}

}  // namespace lumoz::verify

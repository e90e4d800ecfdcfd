// SPDX-License-Identifier: Apache-2.0
#include "app/cli/event_log_view.hpp"

#include "base/hex.hpp"

#include <algorithm>

namespace lumoz::app {

using evidence::CcEvent;
using evidence::Content;
using evidence::Event;

namespace {

constexpr unsigned kRuntimeRegister = 3;
constexpr std::uint32_t kNoAction = 3;

std::string hex_type(std::uint32_t type) {
    const std::uint8_t raw[] = {static_cast<std::uint8_t>(type >> 24), static_cast<std::uint8_t>(type >> 16),
                                static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type)};
    return "0x" + to_hex(raw);
}

std::string_view result_of(const LoggedRegister& r) {
    if (!r.quote) return "not_compared";
    if (!r.covered) return "not_covered";
    return r.differs() ? "differs" : "matches";
}

std::string_view remark(Content content) {
    switch (content) {
        case Content::Proven:
            return "content proven";
        case Content::Partly:
            return "content proven, its label is not";
        case Content::Unproven:
            return "digest of what is not shown";
        case Content::Differs:
            return "CONTENT IS NOT WHAT WAS MEASURED";
    }
    return {};
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

/// Names in their order; those that follow each other under one name are counted.
std::string names(const std::vector<LoggedEvent>& events) {
    std::string out;
    for (std::size_t i = 0; i < events.size();) {
        std::size_t end = i + 1;
        while (end < events.size() && events[end].name == events[i].name)
            ++end;
        const std::string& name = events[i].name;
        out += (out.empty() ? "" : ", ") + (name.size() > 40 ? name.substr(0, 40) + "…" : name);
        if (end - i > 1) out += " (" + std::to_string(end - i) + " times)";
        i = end;
    }
    return out;
}

std::string register_text(const LoggedRegister& r) {
    const std::string count = std::to_string(r.events.size()) + (r.events.size() == 1 ? " event" : " events");
    if (!r.quote) return "not compared: the quote is not verified; " + count;
    if (!r.covered) return "not covered: the firmware's log ends before the runtime, which extended it";
    if (r.differs()) return "DIFFERS from the quote; " + count;
    return "matches the quote; " + count;
}

void add_event_lines(std::vector<SectionLine>& lines, const std::vector<LoggedEvent>& events) {
    for (const LoggedEvent& e : events) {
        std::string text = to_hex(e.digest.view()).substr(0, 16) + "…  ";
        text += e.type_name.empty() ? hex_type(e.type) : e.type_name;
        if (e.name != e.type_name) text += "  " + e.name;
        if (e.content == Content::Proven && !e.text.empty()) text += " = " + e.text;
        text += "  (" + std::string(remark(e.content));
        text += e.late ? "; does not count: too late, or not the first of its name)" : ")";
        lines.push_back({"", std::move(text), Tone::Plain, When::Explain});
    }
}

void write_event(json::Writer& out, const LoggedEvent& e) {
    out.object();
    out.key("event").string(e.name);
    out.key("event_type").integer(e.type);
    if (!e.type_name.empty()) out.key("type").string(e.type_name);
    out.key("digest").string(to_hex(e.digest.view()));
    out.key("content").string(to_text(e.content));
    if (!e.payload.empty()) out.key("payload").string(e.payload);
    if (e.late) out.key("counts").boolean(false);
    out.end();
}

}  // namespace

Result<EventLogView> EventLogView::read(ByteView content) {
    const std::string_view text = as_text(content);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    EventLogView out;
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

void EventLogView::take(const evidence::EventLog& log) {
    form_ = "dstack";
    evidence::BootPhases phases;
    for (const Event& event : log.events) {
        const bool named = !event.name.empty();
        LoggedEvent shown{.name = named ? event.name : std::string(evidence::cc_type_name(event.type)),
                          .type = event.type,
                          .type_name = std::string(evidence::cc_type_name(event.type)),
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
        if (shown.name.empty()) shown.name = hex_type(event.type);
        registers_[event.imr].events.push_back(std::move(shown));
    }
    for (unsigned i = 0; i < 4; ++i)
        registers_[i].replay = log.rtmr[i];
}

void EventLogView::take(const evidence::CcLog& log) {
    form_ = "ccel";
    for (const CcEvent& event : log.records) {
        if (event.index == 0 || event.type == kNoAction) continue;
        LoggedEvent shown{.name = content_text(event),
                          .type = event.type,
                          .type_name = std::string(evidence::cc_type_name(event.type)),
                          .digest = event.digest,
                          .content = check_content(event),
                          .payload = {},
                          .text = {}};
        if (shown.name.empty()) shown.name = shown.type_name.empty() ? hex_type(event.type) : shown.type_name;
        registers_[event.index - 1].events.push_back(std::move(shown));
    }
    for (unsigned i = 0; i < 4; ++i)
        registers_[i].replay = log.rtmr[i];
}

void EventLogView::compare(const evidence::Quote& quote) {
    for (unsigned i = 0; i < 4; ++i)
        registers_[i].quote = quote.rtmr(i);
    LoggedRegister& runtime = registers_[kRuntimeRegister];
    // tdx.md 11.1: what a runtime extends is not in the firmware's table.
    runtime.covered = form_ != "ccel" || !runtime.events.empty() || *runtime.quote == Digest384();
}

std::size_t EventLogView::events_with(Content content) const {
    std::size_t out = 0;
    for (const LoggedRegister& r : registers_)
        out += static_cast<std::size_t>(std::ranges::count(r.events, content, &LoggedEvent::content));
    return out;
}

Section EventLogView::section() const {
    Section out{form_ == "ccel" ? "event log of the firmware, replayed" : "event log, replayed", {}, true};
    for (unsigned i = 0; i < 4; ++i) {
        const LoggedRegister& r = registers_[i];
        const bool good = r.quote && r.covered && !r.differs();
        out.lines.push_back({"RTMR" + std::to_string(i), register_text(r),
                             good ? Tone::Good : (r.differs() ? Tone::Bad : Tone::Plain)});
        if (r.differs() || !r.covered) {
            out.lines.push_back({"", "quote  " + to_hex(r.quote->view())});
            if (r.covered) out.lines.push_back({"", "replay " + to_hex(r.replay.view())});
        }
        if (!r.events.empty()) out.lines.push_back({"", names(r.events), Tone::Plain, When::Folded});
        add_event_lines(out.lines, r.events);
    }
    return out;
}

std::string EventLogView::json() const {
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
    for (unsigned i = 0; i < 4; ++i)
        if (registers_[i].differs()) out.integer(i);
    out.end();
    out.end();
    return std::move(out).text();
}

}  // namespace lumoz::app

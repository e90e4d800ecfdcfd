// SPDX-License-Identifier: Apache-2.0
#include "app/cli/quote_sections.hpp"

#include "base/hex.hpp"

#include <algorithm>

namespace lumoz::app {

using evidence::Content;
using verify::LoggedEvent;
using verify::LoggedRegister;

namespace {

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
        text += e.type_name;
        if (e.name != e.type_name) text += "  " + e.name;
        if (e.content == Content::Proven && !e.text.empty()) text += " = " + e.text;
        text += "  (" + std::string(remark(e.content));
        text += e.late ? "; does not count: too late, or not the first of its name)" : ")";
        lines.push_back({"", std::move(text), Tone::Plain, When::Explain});
    }
}

}  // namespace

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

Section platform_section(const verify::TdxResult& result) {
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

Section event_log_section(const verify::LogReplay& log) {
    Section out{
        log.form() == "ccel" ? "event log of the firmware, replayed" : "event log, replayed", {}, true};
    for (unsigned i = 0; i < 4; ++i) {
        const LoggedRegister& r = log.registers()[i];
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

}  // namespace lumoz::app

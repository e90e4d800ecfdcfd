// SPDX-License-Identifier: Apache-2.0
#include "app/cli/quote_sections.hpp"

#include "base/hex.hpp"

namespace lumoz::app {
namespace {

using evidence::TcbStatus;
using verify::Shortfall;

std::string listed(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : ", ") + word;
    return out;
}

/// The part that is behind: `SGX component 3 (BIOS, Early Microcode Update)`.
std::string part_of(const Shortfall& s) {
    if (s.set == "pcesvn") return "PCE (PCESVN)";
    if (s.set == "module") return "TDX module";
    if (s.set == "qe") return "quoting enclave";
    std::string out = (s.set == "tdx" ? "TDX component " : "SGX component ") + std::to_string(s.index);
    const std::string hints = s.category + (s.category.empty() || s.type.empty() ? "" : ", ") + s.type;
    return hints.empty() ? out : out + " (" + hints + ")";
}

/// What a status asks for beyond newer parts.
std::string_view words_of(TcbStatus status) {
    switch (status) {
        case TcbStatus::UpToDate:
            return "nothing is missing";
        case TcbStatus::SWHardeningNeeded:
            return "the program must carry mitigations of its own against the named advisories";
        case TcbStatus::ConfigurationNeeded:
            return "a setting of the platform (BIOS) leaves it open to the named advisories";
        case TcbStatus::ConfigurationAndSWHardeningNeeded:
            return "a setting of the platform must change and the program must carry mitigations";
        case TcbStatus::OutOfDate:
            return "firmware or microcode is older than Intel's current one";
        case TcbStatus::OutOfDateConfigurationNeeded:
            return "firmware or microcode is old and a setting of the platform must change";
        case TcbStatus::TDRelaunchAdvised:
            return "the TDX module was updated below this TD: launch the TD again";
        case TcbStatus::TDRelaunchAdvisedConfigurationNeeded:
            return "launch the TD again, and a setting of the platform must change";
        case TcbStatus::Revoked:
            return "Intel no longer vouches for it";
    }
    return "";
}

}  // namespace

Section quote_section(const evidence::Quote& quote) {
    Section out{.title = quote.is_tdx() ? "TDX quote" : "SGX quote", .lines = {}, .detail = true};
    const auto line = [&](std::string_view name, const std::string& value) {
        constexpr std::size_t kWidth = 18;
        out.lines.push_back(std::string(name) + std::string(kWidth - std::min(kWidth, name.size()), ' ') +
                            " " + value);
    };
    line("version", std::to_string(quote.version()));
    line("certification data", "type " + std::to_string(quote.cert_type()) + ", " +
                                   std::to_string(quote.cert_data().size()) + " bytes");
    for (const evidence::Field& field : evidence::body_fields(quote.body_kind())) {
        if (field.integer) {
            line(field.name, std::to_string(*quote.integer(field.name)));
        } else {
            line(field.name, to_hex(*quote.field(field.name)));
        }
    }
    return out;
}

Section platform_section(const verify::TdxResult& result) {
    Section out{.title = "what the platform lacks", .lines = {}};
    if (result.tcb_status == TcbStatus::UpToDate && result.current_tcb_status == TcbStatus::UpToDate)
        return out;
    out.lines.push_back(std::string(to_text(result.tcb_status)) + ": " +
                        std::string(words_of(result.tcb_status)));
    if (result.current_tcb_status != result.tcb_status)
        out.lines.push_back("as it runs now " + std::string(to_text(result.current_tcb_status)) + ": " +
                            std::string(words_of(result.current_tcb_status)));
    for (const Shortfall& s : result.shortfall)
        out.lines.push_back(part_of(s) + " has " + std::to_string(s.have) + ", needs " +
                            std::to_string(s.need));
    std::vector<std::string> gone;
    for (const Shortfall& s : result.shortfall)
        for (const std::string& id : s.advisories)
            if (std::ranges::find(gone, id) == gone.end()) gone.push_back(id);
    if (!gone.empty()) out.lines.push_back("with that these advisories would go: " + listed(gone));
    if (gone.empty() && !result.advisories.empty())
        out.lines.push_back("advisories that apply: " + listed(result.advisories));
    return out;
}

Section event_log_section(const verify::LogReplay& log, const evidence::Quote* quote) {
    Section out{
        .title = "event log (" + std::string(log.form) + ", " + std::to_string(log.events) + " events)",
        .lines = {}};
    for (unsigned n = 0; n < 4; ++n) {
        const bool known = quote != nullptr && quote->is_tdx();
        const bool match = known && log.rtmr[n] == quote->rtmr(n);
        const std::string events = std::to_string(log.extends[n]);
        const std::string head = "RTMR" + std::to_string(n) + "  " +
                                 std::string(4 - std::min<std::size_t>(4, events.size()), ' ') + events +
                                 " events  replay ";
        out.lines.push_back(head + to_hex(log.rtmr[n].view()) + (match ? "  equal" : ""));
        if (known && !match)
            out.lines.push_back(std::string(head.size() - 7, ' ') + "quote  " +
                                to_hex(quote->rtmr(n).view()) + "  DIFFERS");
    }
    for (const evidence::Event& event : log.runtime)
        out.lines.push_back("event  " + event.name + " " + to_hex(event.payload));
    return out;
}

}  // namespace lumoz::app

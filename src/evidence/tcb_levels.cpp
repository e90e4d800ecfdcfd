// SPDX-License-Identifier: Apache-2.0
#include "evidence/tcb_levels.hpp"

namespace lumoz::evidence {

namespace {
constexpr std::string_view kStatusText[] = {"UpToDate",
                                            "SWHardeningNeeded",
                                            "ConfigurationNeeded",
                                            "ConfigurationAndSWHardeningNeeded",
                                            "OutOfDate",
                                            "OutOfDateConfigurationNeeded",
                                            "Revoked",
                                            "TDRelaunchAdvised",
                                            "TDRelaunchAdvisedConfigurationNeeded"};
}  // namespace

std::string_view to_text(TcbStatus status) {
    return kStatusText[static_cast<std::size_t>(status)];
}

std::optional<TcbStatus> tcb_status_from(std::string_view text) {
    const auto* at = std::ranges::find(kStatusText, text);
    if (at == std::end(kStatusText)) return std::nullopt;
    return static_cast<TcbStatus>(at - std::begin(kStatusText));
}

std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 48))
        out.push_back(c >= ' ' && c <= '~' ? c : '?');
    return out;
}

Result<TcbStatus> StatusWords::read(const Schema& schema, const json::Value& level, Kind kind) {
    LUMOZ_TRY(const std::string word, schema.text(level, "tcbStatus"));
    const auto status = tcb_status_from(word);
    const bool known = status && (kind == Kind::Platform
                                      ? *status <= TcbStatus::Revoked
                                      : *status == TcbStatus::UpToDate || *status == TcbStatus::OutOfDate ||
                                            *status == TcbStatus::Revoked);
    if (known) return *status;
    if (!unknown_) unknown_ = printable(word);
    return TcbStatus::Revoked;
}

Status StatusWords::check(std::string_view where) const {
    if (unknown_) return fail(Errc::Refused, "E_TCB_UNRECOGNIZED", where, *unknown_);
    return {};
}

Result<std::vector<std::string>> read_advisories(const Schema& schema, const json::Value& level) {
    std::vector<std::string> out;
    const auto list = level.find("advisoryIDs");
    if (!list) return out;
    if (!list->is_array()) return schema.bad("advisoryIDs", "not an array");
    for (const json::Value& id : list->elements()) {
        auto text = id.as_string();
        if (!text) return schema.bad("advisoryIDs", "not a text");
        out.push_back(std::move(*text));
    }
    return out;
}

Result<std::vector<IsvLevel>> read_isv_levels(const Schema& schema, const json::Value& parent,
                                              std::int64_t most_svn, StatusWords& words) {
    LUMOZ_TRY(const std::vector<json::Value> levels, schema.array(parent, "tcbLevels"));
    if (levels.empty()) return schema.bad("tcbLevels", "empty");
    std::vector<IsvLevel> out;
    for (const json::Value& level : levels) {
        if (!level.is_object()) return schema.bad("tcbLevels", "not an object");
        IsvLevel read;
        LUMOZ_TRY(const json::Value tcb, schema.object(level, "tcb"));
        LUMOZ_TRY(const std::int64_t svn, schema.integer(tcb, "isvsvn", most_svn));
        read.isvsvn = static_cast<std::uint16_t>(svn);
        LUMOZ_TRY(read.tcb_date, schema.date(level, "tcbDate"));
        LUMOZ_TRY(read.status, words.read(schema, level, StatusWords::Kind::Isv));
        LUMOZ_TRY(read.advisories, read_advisories(schema, level));
        // Highest first; equal ones keep the order of the file.
        const auto at = std::ranges::find_if(out, [&](const IsvLevel& l) { return l.isvsvn < read.isvsvn; });
        out.insert(at, std::move(read));
    }
    return out;
}

}  // namespace lumoz::evidence

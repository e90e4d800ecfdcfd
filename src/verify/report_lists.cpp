// SPDX-License-Identifier: Apache-2.0
// Documents that hold several reports (specification api.md 3.2): the node itself, its siblings behind a
// balancer, a gateway and the nodes behind it.
#include "evidence/schema.hpp"
#include "verify/report_input.hpp"

namespace lumoz::verify {

namespace {

using evidence::Schema;
using json::Value;

const Schema kSchema(Errc::Malformed, "E_REPORT_PARSE", "report.lists");
constexpr std::size_t kMostReports = 64;
constexpr std::string_view kGateway = "gateway_attestation", kModels = "model_attestations",
                           kAll = "all_attestations";

struct Place {
    std::string name;
    Value value;
};

Status collect_list(const Value& root, std::string_view name, std::vector<Place>& out) {
    const auto list = root.find(name);
    if (!list || list->is_null()) return {};
    if (!list->is_array()) return kSchema.bad(name, "not an array");
    if (list->size() > kMostReports) return kSchema.bad(name, "more than 64 reports");
    std::size_t number = 0;
    for (const Value& value : list->elements())
        out.push_back({std::string(name) + "[" + std::to_string(number++) + "]", value});
    return {};
}

Result<std::vector<Place>> collect(const Value& root) {
    std::vector<Place> out;
    if (const auto gateway = root.find(kGateway); gateway && !gateway->is_null())
        out.push_back({std::string(kGateway), *gateway});
    LUMOZ_CHECK_OK(collect_list(root, kModels, out));
    LUMOZ_CHECK_OK(collect_list(root, kAll, out));
    for (const Place& place : out) {
        if (!place.value.is_object()) return kSchema.bad(place.name, "not an object");
        for (const std::string_view nested : {kGateway, kModels, kAll})
            if (place.value.find(nested)) return kSchema.bad(place.name, "a list inside a list");
    }
    return out;
}

/// True when `entry` says nothing that `report` does not say in the same words.
bool repeats(const Value& entry, const Value& report) {
    if (!entry.find("intel_quote") && !entry.find("cpu_evidence")) return false;
    for (const Value::Member& member : entry.members()) {
        const auto same = report.find(member.name);
        if (!same || same->raw() != member.value.raw()) return false;
    }
    return true;
}

}  // namespace

Result<ReportInput> read_report_lists(const Value& root) {
    LUMOZ_TRY(const std::vector<Place> places, collect(root));
    const bool flat = root.find("intel_quote") || root.find("cpu_evidence");
    if (!flat && places.empty()) return kSchema.bad(kAll, "no report");
    const Value first = flat ? root : places.front().value;
    LUMOZ_TRY(ReportInput out, read_flat_report(first));
    if (!flat) out.place = places.front().name;
    std::vector<Value> known = {first};
    for (const auto& [name, value] : places) {
        if (std::ranges::any_of(known, [&](const Value& v) { return repeats(value, v); })) continue;
        if (out.entries.size() == kMostReports - (flat ? 0 : 1))
            return kSchema.bad(name, "more than 64 reports");
        LUMOZ_TRY(ReportInput entry, read_flat_report(value));
        entry.place = name;
        out.entries.push_back(std::move(entry));
        known.push_back(value);
    }
    return out;
}

}  // namespace lumoz::verify

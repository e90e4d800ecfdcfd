// SPDX-License-Identifier: Apache-2.0
#include "simtee/service.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"

#include <map>

namespace lumoz::simtee {
namespace {

constexpr std::string_view kVersion = R"({"version":"0.1.0","rev":"lumoz-simtee","simulated":true})";
constexpr json::Limits kLimits{.max_bytes = HttpRequestParser::kMaxBody, .max_depth = 4};

ServiceAnswer refused(std::string_view text) {
    return {400, error_json(text)};
}

/// Text members of the JSON body of a POST, or of the query of a GET. Nothing when unreadable.
std::optional<std::map<std::string, std::string>> arguments(const HttpRequest& request) {
    std::map<std::string, std::string> out;
    if (request.method == "GET") {
        std::string_view rest = request.query;
        while (!rest.empty()) {
            const std::string_view pair = rest.substr(0, rest.find('&'));
            const std::size_t equals = pair.find('=');
            if (equals == std::string_view::npos) return std::nullopt;
            if (!out.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second) return std::nullopt;
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        }
        return out;
    }
    if (request.body.empty()) return out;
    const auto document = json::Document::parse(request.body, kLimits);
    if (!document || !document->root().is_object()) return std::nullopt;
    for (const json::Value::Member& member : document->root().members()) {
        const auto text = member.value.as_string();
        if (!text) return std::nullopt;
        out.emplace(member.name, *text);
    }
    return out;
}

}  // namespace

ServiceAnswer Service::handle(const HttpRequest& request) const {
    const bool known = request.path == "/GetQuote" || request.path == "/Info" || request.path == "/Version" ||
                       request.path == "/EmitEvent";
    if (!known) return {404, error_json("no such path; this is a simulator")};
    if (request.method != "POST" && request.method != "GET") return {405, error_json("POST or GET wanted")};
    if (request.path == "/Version") return {200, std::string(kVersion)};
    if (request.path == "/Info") return {200, machine_.info_json()};
    if (request.path == "/GetQuote") return quote(request);
    if (request.method != "POST") return {405, error_json("POST wanted")};
    return emit(request);
}

ServiceAnswer Service::quote(const HttpRequest& request) const {
    const auto members = arguments(request);
    if (!members) return refused("a JSON object of texts wanted");
    const auto given = members->find("report_data");
    if (given == members->end()) return refused("report_data is missing");
    const auto raw = from_hex(given->second);
    if (!raw) return refused("report_data is not hex");
    ReportData report_data;
    if (raw->size() > ReportData::kSize) return refused("report_data is over 64 bytes");
    std::ranges::copy(*raw, report_data.bytes.begin());
    return {200, machine_.quote_json(report_data)};
}

ServiceAnswer Service::emit(const HttpRequest& request) const {
    const auto members = arguments(request);
    if (!members) return refused("a JSON object of texts wanted");
    const auto event = members->find("event");
    const auto payload = members->find("payload");
    if (event == members->end() || payload == members->end()) return refused("event and payload wanted");
    const auto raw = from_hex(payload->second);
    if (!raw) return refused("payload is not hex");
    const Status added = machine_.emit(event->second, *raw);
    if (!added) return refused(added.error().detail);
    changed_();
    return {200, "{}"};
}

}  // namespace lumoz::simtee

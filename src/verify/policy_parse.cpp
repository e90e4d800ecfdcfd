// SPDX-License-Identifier: Apache-2.0
// Reading policy files: each key has one reader; a key without a reader is an error.
#include "base/nearest.hpp"
#include "evidence/schema.hpp"
#include "evidence/statement.hpp"
#include "verify/policy.hpp"

#include <functional>

namespace lumoz::verify {

namespace {

using evidence::Schema;
using evidence::TcbStatus;

const Schema kSchema(Errc::Usage, "E_POLICY", "policy.keys");
constexpr std::size_t kMostEntries = 4096;

Result<std::vector<std::string>> texts(const json::Value& root, std::string_view name) {
    LUMOZ_TRY(const std::vector<json::Value> list, kSchema.array(root, name));
    if (list.size() > kMostEntries) return kSchema.bad(name, "too many entries");
    std::vector<std::string> out;
    for (const json::Value& value : list) {
        auto text = value.as_string();
        if (!text) return kSchema.bad(name, "not a list of texts");
        out.push_back(std::move(*text));
    }
    return out;
}

Result<std::vector<Bytes>> hexes(const json::Value& root, std::string_view name, std::size_t size) {
    LUMOZ_TRY(const std::vector<std::string> list, texts(root, name));
    std::vector<Bytes> out;
    for (const std::string& text : list) {
        auto raw = from_hex(text);
        if (!raw || raw->size() != size)
            return kSchema.bad(name, "not hex of " + std::to_string(size) + " bytes");
        out.push_back(std::move(*raw));
    }
    return out;
}

Result<std::vector<TcbStatus>> statuses(const json::Value& root, std::string_view name) {
    LUMOZ_TRY(const std::vector<std::string> list, texts(root, name));
    std::vector<TcbStatus> out;
    for (const std::string& text : list) {
        const auto status = evidence::tcb_status_from(text);
        if (!status) return kSchema.bad(name, "not a TCB status");
        out.push_back(*status);
    }
    return out;
}

Result<bool> flag(const json::Value& root, std::string_view name) {
    LUMOZ_TRY(const json::Value value, kSchema.member(root, name));
    const auto out = value.as_bool();
    if (!out) return kSchema.bad(name, "not true or false");
    return *out;
}

Result<std::vector<std::int64_t>> integers(const json::Value& root, std::string_view name,
                                           std::int64_t most) {
    LUMOZ_TRY(const std::vector<json::Value> list, kSchema.array(root, name));
    std::vector<std::int64_t> out;
    for (const json::Value& value : list) {
        const auto number = value.as_int();
        if (!number || *number < 0 || *number > most)
            return kSchema.bad(name, "not a list of integers in range");
        out.push_back(*number);
    }
    return out;
}

Result<std::vector<std::string>> model_roots(const json::Value& root, std::string_view name) {
    LUMOZ_TRY(std::vector<std::string> list, texts(root, name));
    for (const std::string& text : list)
        if (!evidence::is_sha256_text(text)) return kSchema.bad(name, "not sha256: and 64 hex digits");
    return list;
}

/// Assigns a Result to a member of the policy.
template <class Member, class Value>
Status put(Member& member, Result<Value> value) {
    if (!value) return std::unexpected(std::move(value).error());
    member = std::move(*value);
    return {};
}

struct Key {
    std::string_view name;
    Status (*read)(const json::Value& root, std::string_view name, Policy& policy);
};

constexpr std::int64_t kU32 = 0xffffffff;
template <std::size_t Size>
Status measurement(const json::Value& root, std::string_view name, Policy& p) {
    LUMOZ_TRY(p.measurements[std::string(name)], hexes(root, name, Size));
    return {};
}

using Root = const json::Value&;
using Name = std::string_view;
constexpr Key kKeys[] = {
    {"accept_status", [](Root r, Name n, Policy& p) { return put(p.accept_status, statuses(r, n)); }},
    {"accept_current_status",
     [](Root r, Name n, Policy& p) { return put(p.accept_current_status, statuses(r, n)); }},
    {"deny_advisories", [](Root r, Name n, Policy& p) { return put(p.deny_advisories, texts(r, n)); }},
    {"allow_advisories", [](Root r, Name n, Policy& p) { return put(p.allow_advisories, texts(r, n)); }},
    {"min_tcb_eval",
     [](Root r, Name n, Policy& p) { return put(p.min_tcb_eval, kSchema.integer(r, n, kU32)); }},
    {"min_tcb_date", [](Root r, Name n, Policy& p) { return put(p.min_tcb_date, kSchema.date(r, n)); }},
    {"allow_fmspc", [](Root r, Name n, Policy& p) { return put(p.allow_fmspc, hexes(r, n, 6)); }},
    {"allow_ppid", [](Root r, Name n, Policy& p) { return put(p.allow_ppid, hexes(r, n, 16)); }},
    {"allow_piid", [](Root r, Name n, Policy& p) { return put(p.allow_piid, hexes(r, n, 16)); }},
    {"deny_ppid", [](Root r, Name n, Policy& p) { return put(p.deny_ppid, hexes(r, n, 16)); }},
    {"mr_td", measurement<48>},
    {"mr_seam", measurement<48>},
    {"mr_config_id", measurement<48>},
    {"mr_owner", measurement<48>},
    {"mr_owner_config", measurement<48>},
    {"rtmr0", measurement<48>},
    {"rtmr1", measurement<48>},
    {"rtmr2", measurement<48>},
    {"rtmr3", measurement<48>},
    {"mr_enclave", measurement<32>},
    {"mr_signer", measurement<32>},
    {"isv_prod_id", [](Root r, Name n, Policy& p) { return put(p.isv_prod_id, integers(r, n, 65535)); }},
    {"min_isv_svn",
     [](Root r, Name n, Policy& p) { return put(p.min_isv_svn, kSchema.integer(r, n, 65535)); }},
    {"report_data",
     [](Root r, Name n, Policy& p) { return put(p.report_data, kSchema.hex<ReportData>(r, n)); }},
    {"allow_debug", [](Root r, Name n, Policy& p) { return put(p.allow_debug, flag(r, n)); }},
    {"allow_no_sept_ve_disable",
     [](Root r, Name n, Policy& p) { return put(p.allow_no_sept_ve_disable, flag(r, n)); }},
    {"allow_migratable", [](Root r, Name n, Policy& p) { return put(p.allow_migratable, flag(r, n)); }},
    {"service_td", [](Root r, Name n, Policy& p) { return put(p.service_td, hexes(r, n, 48)); }},
    {"allow_unknown_measurement",
     [](Root r, Name n, Policy& p) { return put(p.allow_unknown_measurement, flag(r, n)); }},
    {"require_gpu", [](Root r, Name n, Policy& p) { return put(p.require_gpu, flag(r, n)); }},
    {"allow_unchecked_gpu", [](Root r, Name n, Policy& p) { return put(p.allow_unchecked_gpu, flag(r, n)); }},
    {"model_root", [](Root r, Name n, Policy& p) { return put(p.model_root, model_roots(r, n)); }},
};

std::unexpected<Error> unknown_key(std::string_view name) {
    const std::string_view shown = name.substr(0, 48);
    const std::string_view nearest = nearest_name(shown, kKeys, [](const Key& key) { return key.name; });
    return fail(Errc::Usage, "E_POLICY", "policy.unknown_key",
                std::string(shown) + ": unknown; nearest is " + std::string(nearest));
}

}  // namespace

Result<Policy> Policy::parse(std::string_view text) {
    const auto document = json::Document::parse(text);
    if (!document) return fail(Errc::Usage, "E_POLICY", "policy.json", document.error().detail);
    const json::Value root = document->root();
    if (!root.is_object()) return kSchema.bad("policy", "not an object");
    Policy out;
    for (const json::Value::Member& member : root.members()) {
        const auto key = std::ranges::find(kKeys, member.name, &Key::name);
        if (key == std::end(kKeys)) return unknown_key(member.name);
        LUMOZ_CHECK_OK(key->read(root, key->name, out));
    }
    return out;
}

}  // namespace lumoz::verify

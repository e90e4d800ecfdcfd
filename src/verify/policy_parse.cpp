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
    PolicyKey key;
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
    {{"accept_status", "list of statuses",
      "statuses that are wanted; default `UpToDate` and `SWHardeningNeeded`", "P_TCB_STATUS"},
     [](Root r, Name n, Policy& p) { return put(p.accept_status, statuses(r, n)); }},
    {{"accept_current_status", "list of statuses",
      "the same for the patch level of today; absent: not looked at", "P_CURRENT_TCB_STATUS"},
     [](Root r, Name n, Policy& p) { return put(p.accept_current_status, statuses(r, n)); }},
    {{"deny_advisories", "list of texts", "advisories that may not apply", "P_ADVISORY"},
     [](Root r, Name n, Policy& p) { return put(p.deny_advisories, texts(r, n)); }},
    {{"allow_advisories", "list of texts", "the only advisories that may apply; `[]`: none", "P_ADVISORY"},
     [](Root r, Name n, Policy& p) { return put(p.allow_advisories, texts(r, n)); }},
    {{"min_tcb_eval", "integer",
      "least evaluation number of the vendor's documents: against rolled back collateral", "P_TCB_EVAL"},
     [](Root r, Name n, Policy& p) { return put(p.min_tcb_eval, kSchema.integer(r, n, kU32)); }},
    {{"min_tcb_date", "date", "earliest TCB date that is new enough", "P_TCB_DATE"},
     [](Root r, Name n, Policy& p) { return put(p.min_tcb_date, kSchema.date(r, n)); }},
    {{"allow_fmspc", "list of 6 bytes", "the only platform families", "P_PLATFORM"},
     [](Root r, Name n, Policy& p) { return put(p.allow_fmspc, hexes(r, n, 6)); }},
    {{"allow_ppid", "list of 16 bytes", "the only processors", "P_PLATFORM"},
     [](Root r, Name n, Policy& p) { return put(p.allow_ppid, hexes(r, n, 16)); }},
    {{"allow_piid", "list of 16 bytes", "the only platform instances; a platform without one is in no list",
      "P_PLATFORM"},
     [](Root r, Name n, Policy& p) { return put(p.allow_piid, hexes(r, n, 16)); }},
    {{"deny_ppid", "list of 16 bytes", "processors that are refused", "P_PLATFORM"},
     [](Root r, Name n, Policy& p) { return put(p.deny_ppid, hexes(r, n, 16)); }},
    {{"mr_td", "list of 48 bytes", "initial memory of the TD: its firmware", "P_MEASUREMENT"},
     measurement<48>},
    {{"mr_seam", "list of 48 bytes", "the TDX module", "P_MEASUREMENT"}, measurement<48>},
    {{"mr_config_id", "list of 48 bytes", "configuration id; whoever starts the TD chooses it",
      "P_MEASUREMENT"},
     measurement<48>},
    {{"mr_owner", "list of 48 bytes", "owner id; whoever starts the TD chooses it", "P_MEASUREMENT"},
     measurement<48>},
    {{"mr_owner_config", "list of 48 bytes", "owner's configuration; whoever starts the TD chooses it",
      "P_MEASUREMENT"},
     measurement<48>},
    {{"rtmr0", "list of 48 bytes", "firmware configuration; means nothing without `mr_td`", "P_MEASUREMENT"},
     measurement<48>},
    {{"rtmr1", "list of 48 bytes", "boot loader and kernel; means nothing without `mr_td`", "P_MEASUREMENT"},
     measurement<48>},
    {{"rtmr2", "list of 48 bytes", "kernel command line and system; means nothing without `mr_td`",
      "P_MEASUREMENT"},
     measurement<48>},
    {{"rtmr3", "list of 48 bytes", "runtime and application; means nothing without `mr_td`", "P_MEASUREMENT"},
     measurement<48>},
    {{"mr_enclave", "list of 32 bytes", "code of an SGX enclave", "P_MEASUREMENT"}, measurement<32>},
    {{"mr_signer", "list of 32 bytes", "signer of an SGX enclave; name `isv_prod_id` with it",
      "P_MEASUREMENT"},
     measurement<32>},
    {{"isv_prod_id", "list of integers", "products of the signer (SGX)", "P_MEASUREMENT"},
     [](Root r, Name n, Policy& p) { return put(p.isv_prod_id, integers(r, n, 65535)); }},
    {{"min_isv_svn", "integer", "least version of the product (SGX)", "P_ISV_SVN"},
     [](Root r, Name n, Policy& p) { return put(p.min_isv_svn, kSchema.integer(r, n, 65535)); }},
    {{"report_data", "64 bytes", "what the quote was made for; all bytes are compared", "P_REPORT_DATA"},
     [](Root r, Name n, Policy& p) { return put(p.report_data, kSchema.hex<ReportData>(r, n)); }},
    {{"allow_debug", "true or false", "accept a TD or enclave that its host can read", "P_DEBUG"},
     [](Root r, Name n, Policy& p) { return put(p.allow_debug, flag(r, n)); }},
    {{"allow_no_sept_ve_disable", "true or false",
      "accept a TD that does not switch off the host's page faults", "P_SEPT_VE_DISABLE"},
     [](Root r, Name n, Policy& p) { return put(p.allow_no_sept_ve_disable, flag(r, n)); }},
    {{"allow_migratable", "true or false", "accept a TD that can be moved to another machine",
      "P_MIGRATABLE"},
     [](Root r, Name n, Policy& p) { return put(p.allow_migratable, flag(r, n)); }},
    {{"service_td", "list of 48 bytes", "service TDs that may be bound; absent: none", "P_SERVICE_TD"},
     [](Root r, Name n, Policy& p) { return put(p.service_td, hexes(r, n, 48)); }},
    {{"allow_unknown_measurement", "true or false", "accept a service without naming what runs in it",
      "P_MEASUREMENT"},
     [](Root r, Name n, Policy& p) { return put(p.allow_unknown_measurement, flag(r, n)); }},
    {{"require_gpu", "true or false", "demand GPU evidence that was checked", "P_GPU_MISSING"},
     [](Root r, Name n, Policy& p) { return put(p.require_gpu, flag(r, n)); }},
    {{"allow_unchecked_gpu", "true or false", "tolerate GPU evidence that this version does not check", ""},
     [](Root r, Name n, Policy& p) { return put(p.allow_unchecked_gpu, flag(r, n)); }},
    {{"model_root", "list of `sha256:…`", "the only models that may be served", "P_MODEL"},
     [](Root r, Name n, Policy& p) { return put(p.model_root, model_roots(r, n)); }},
};

std::unexpected<Error> unknown_key(std::string_view name) {
    const std::string_view shown = name.substr(0, 48);
    const std::string_view nearest = nearest_name(shown, kKeys, [](const Key& key) { return key.key.name; });
    return fail(Errc::Usage, "E_POLICY", "policy.unknown_key",
                std::string(shown) + ": unknown; nearest is " + std::string(nearest));
}

}  // namespace

std::vector<PolicyKey> policy_keys() {
    std::vector<PolicyKey> out;
    for (const Key& key : kKeys)
        out.push_back(key.key);
    return out;
}

std::string policy_reference() {
    std::string out = "| Key | Value | Meaning | Finding |\n|---|---|---|---|\n";
    for (const auto& [name, value, meaning, finding] : policy_keys()) {
        out += "| `" + std::string(name) + "` | " + std::string(value) + " | " + std::string(meaning) + " | ";
        out += (finding.empty() ? "" : "`" + std::string(finding) + "`") + " |\n";
    }
    return out;
}

Result<Policy> Policy::parse(std::string_view text) {
    const auto document = json::Document::parse(text);
    if (!document) return fail(Errc::Usage, "E_POLICY", "policy.json", document.error().detail);
    const json::Value root = document->root();
    if (!root.is_object()) return kSchema.bad("policy", "not an object");
    Policy out;
    for (const json::Value::Member& member : root.members()) {
        const auto key = std::ranges::find_if(kKeys, [&](const Key& k) { return k.key.name == member.name; });
        if (key == std::end(kKeys)) return unknown_key(member.name);
        LUMOZ_CHECK_OK(key->read(root, key->key.name, out));
    }
    return out;
}

}  // namespace lumoz::verify

// SPDX-License-Identifier: Apache-2.0
// Acceptance policy (specification tdx.md 8): which proven evidence is wanted. Default deny; a weakening key
// has `allow_` in its name. Keys of our own, beyond the specification:
//   allow_unknown_measurement  bool: a report without any measurement rule is not refused for that (decision
//   5) require_gpu                bool: GPU evidence that is checked is demanded (finding P_GPU_MISSING)
//   allow_unchecked_gpu        bool: GPU evidence that is there but not checked is tolerated
//   model_root                 list of `sha256:…`: models that may be served (finding P_MODEL)
#pragma once

#include "evidence/tdx_quote.hpp"
#include "verify/tdx_result.hpp"

#include <map>

namespace lumoz::verify {

struct Policy {
    std::vector<evidence::TcbStatus> accept_status = {evidence::TcbStatus::UpToDate,
                                                      evidence::TcbStatus::SWHardeningNeeded};
    std::optional<std::vector<evidence::TcbStatus>> accept_current_status;
    std::vector<std::string> deny_advisories;
    std::optional<std::vector<std::string>> allow_advisories;
    std::optional<std::int64_t> min_tcb_eval;
    std::optional<std::int64_t> min_tcb_date;
    std::optional<std::vector<Bytes>> allow_fmspc;
    std::optional<std::vector<Bytes>> allow_ppid;
    std::optional<std::vector<Bytes>> allow_piid;
    std::vector<Bytes> deny_ppid;
    std::map<std::string, std::vector<Bytes>, std::less<>>
        measurements;  ///< body field name → allowed values
    std::optional<std::vector<std::int64_t>> isv_prod_id;
    std::optional<std::int64_t> min_isv_svn;
    std::optional<ReportData> report_data;
    bool allow_debug = false;
    bool allow_no_sept_ve_disable = false;
    bool allow_migratable = false;
    std::optional<std::vector<Bytes>> service_td;
    bool allow_unknown_measurement = false;
    bool require_gpu = false;
    bool allow_unchecked_gpu = false;
    std::optional<std::vector<std::string>> model_root;

    /// A JSON object. `E_POLICY` for an unknown key (the detail names the nearest known one) or a bad value.
    static Result<Policy> parse(std::string_view text);
    /// True when the policy says which program may run: by what the hardware measured of it. That is `mr_td`,
    /// `mr_enclave` or `mr_signer`. RTMRs are extended by software, the first of it being the firmware that
    /// `mr_td` measures: without it, unknown firmware can put any value there. The TDX module (`mr_seam`) is
    /// no program, and whoever starts a TD chooses `mr_config_id`, `mr_owner` and `mr_owner_config`.
    [[nodiscard]] bool names_measurement() const {
        constexpr std::string_view kProgram[] = {"mr_td", "mr_enclave", "mr_signer"};
        return std::ranges::any_of(kProgram,
                                   [this](std::string_view name) { return measurements.contains(name); });
    }
    /// Why `names_measurement` is false, as a remark.
    [[nodiscard]] std::string why_no_measurement() const {
        return names_registers_only()
                   ? "which program runs: RTMRs are named without mr_td, and firmware that is not named can "
                     "put any value there"
                   : "which program runs: the policy names no measurement, so any program can stand behind "
                     "this quote";
    }
    /// True when RTMRs are named and `mr_td`, which would make them mean something, is not.
    [[nodiscard]] bool names_registers_only() const {
        constexpr std::string_view kRegisters[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
        return !names_measurement() && std::ranges::any_of(kRegisters, [this](std::string_view name) {
            return measurements.contains(name);
        });
    }
};

/// What a key of a policy file is for, as docs/policy.md has it.
struct PolicyKey {
    std::string_view name;
    std::string_view value;    ///< its form
    std::string_view meaning;  ///< Markdown, one line
    std::string_view finding;  ///< code of the objection; empty when there is none
};
/// Every key that `Policy::parse` knows, in the order of the reference.
[[nodiscard]] std::vector<PolicyKey> policy_keys();
/// The keys as a Markdown table: the reference in docs/policy.md, which a test holds against this.
[[nodiscard]] std::string policy_reference();

/// Findings of the specification's keys, sorted by code, each code once; empty: accepted.
[[nodiscard]] std::vector<Finding> evaluate(const evidence::Quote& quote, const TdxResult& result,
                                            const Policy& policy);

}  // namespace lumoz::verify

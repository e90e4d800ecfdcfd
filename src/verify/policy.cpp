// SPDX-License-Identifier: Apache-2.0
#include "verify/policy.hpp"

#include "base/hex.hpp"
#include "base/time.hpp"

#include <map>
#include <ranges>

namespace lumoz::verify {

namespace {

// TDATTRIBUTES (tdx.md 2.7), bit numbers.
constexpr std::uint64_t bit(unsigned n) {
    return std::uint64_t{1} << n;
}
constexpr std::uint64_t kDebug = bit(0);
constexpr std::uint64_t kProfilingGroup = 0xfe;
constexpr std::uint64_t kSeptVeDisable = bit(28);
constexpr std::uint64_t kMigratable = bit(29);
constexpr std::uint8_t kSgxDebug = 0x02;

std::uint64_t known_bits() {
    std::uint64_t out = 0;
    for (const evidence::TdAttribute& attribute : evidence::td_attributes())
        out |= bit(attribute.bit);
    return out;
}

/// Collects findings; one code stands once, with all its reasons.
class Findings {
public:
    void add(std::string_view code, std::string_view what) {
        std::string& text = found_[code];
        if (!text.empty()) text += "; ";
        text += what;
    }
    void add_unless(bool holds, std::string_view code, std::string_view what) {
        if (!holds) add(code, what);
    }
    [[nodiscard]] std::vector<Finding> take() {
        std::vector<Finding> out;
        for (auto& [code, what] : found_)
            out.push_back({code, std::move(what)});
        return out;
    }

private:
    std::map<std::string_view, std::string> found_;
};

template <class T>
bool contains(const std::vector<T>& list, const T& value) {
    return std::ranges::find(list, value) != list.end();
}

bool contains(const std::vector<Bytes>& list, ByteView value) {
    return std::ranges::any_of(list, [value](const Bytes& entry) { return equal(entry, value); });
}

std::uint64_t le64(ByteView raw) {
    std::uint64_t out = 0;
    for (const std::uint8_t byte : std::views::reverse(raw))
        out = out << 8 | byte;
    return out;
}

void check_status(const TdxResult& result, const Policy& policy, Findings& out) {
    out.add_unless(contains(policy.accept_status, result.tcb_status), "P_TCB_STATUS",
                   "TCB status " + std::string(to_text(result.tcb_status)));
    if (policy.accept_current_status)
        out.add_unless(contains(*policy.accept_current_status, result.current_tcb_status),
                       "P_CURRENT_TCB_STATUS",
                       "current TCB status " + std::string(to_text(result.current_tcb_status)));
    for (const std::string& id : result.advisories) {
        if (contains(policy.deny_advisories, id)) out.add("P_ADVISORY", id + " is denied");
        if (policy.allow_advisories && !contains(*policy.allow_advisories, id))
            out.add("P_ADVISORY", id + " is not in the list");
    }
    if (policy.min_tcb_eval)
        out.add_unless(result.tcb_eval >= *policy.min_tcb_eval, "P_TCB_EVAL",
                       "evaluation number " + std::to_string(result.tcb_eval));
    if (policy.min_tcb_date)
        out.add_unless(result.tcb_date >= *policy.min_tcb_date, "P_TCB_DATE",
                       "TCB date " + to_rfc3339(result.tcb_date));
}

void check_platform(const TdxResult& result, const Policy& policy, Findings& out) {
    const evidence::PckExtension& pck = result.pck;
    if (policy.allow_fmspc)
        out.add_unless(contains(*policy.allow_fmspc, pck.fmspc.view()), "P_PLATFORM",
                       "FMSPC " + to_hex(pck.fmspc.view()) + " is not in the list");
    if (policy.allow_ppid)
        out.add_unless(contains(*policy.allow_ppid, pck.ppid.view()), "P_PLATFORM",
                       "PPID " + to_hex(pck.ppid.view()) + " is not in the list");
    if (policy.allow_piid) {
        const auto& id = pck.platform_instance_id;
        out.add_unless(id && contains(*policy.allow_piid, id->view()), "P_PLATFORM",
                       id ? "platform instance id " + to_hex(id->view()) + " is not in the list"
                          : "the platform has no instance id");
    }
    if (contains(policy.deny_ppid, pck.ppid.view()))
        out.add("P_PLATFORM", "PPID " + to_hex(pck.ppid.view()) + " is denied");
}

void check_program(const evidence::Quote& quote, const Policy& policy, Findings& out) {
    for (const auto& [name, allowed] : policy.measurements) {
        const auto value = quote.field(name);
        out.add_unless(value && contains(allowed, *value), "P_MEASUREMENT",
                       name + (value ? " is " + to_hex(*value) + ", which is not in the list"
                                     : " is no field of this quote"));
    }
    const auto product = quote.integer("isv_prod_id");
    if (policy.isv_prod_id)
        out.add_unless(product && contains(*policy.isv_prod_id, static_cast<std::int64_t>(*product)),
                       "P_MEASUREMENT",
                       product ? "isv_prod_id is " + std::to_string(*product) + ", which is not in the list"
                               : "isv_prod_id is no field of this quote");
    const auto svn = quote.integer("isv_svn");
    if (policy.min_isv_svn)
        out.add_unless(svn && static_cast<std::int64_t>(*svn) >= *policy.min_isv_svn, "P_ISV_SVN",
                       svn ? "isv_svn is " + std::to_string(*svn) + ", below the floor"
                           : "isv_svn is no field of this quote");
    if (policy.report_data)
        out.add_unless(quote.report_data() == *policy.report_data, "P_REPORT_DATA",
                       "report_data is " + to_hex(quote.report_data().view()));
}

void check_attributes(const evidence::Quote& quote, const Policy& policy, Findings& out) {
    if (!quote.is_tdx()) {
        const bool debug = ((*quote.field("attributes"))[0] & kSgxDebug) != 0;
        out.add_unless(!debug || policy.allow_debug, "P_DEBUG", "debug enclave");
        return;
    }
    const std::uint64_t bits = le64(*quote.field("td_attributes"));
    out.add_unless((bits & kDebug) == 0 || policy.allow_debug, "P_DEBUG", "debug TD");
    out.add_unless((bits & kProfilingGroup) == 0, "P_TD_UNDER_PROFILING", "TD under profiling");
    out.add_unless((bits & ~known_bits()) == 0, "P_TD_ATTR_RESERVED", "reserved TD attribute bits");
    out.add_unless((bits & kSeptVeDisable) != 0 || policy.allow_no_sept_ve_disable, "P_SEPT_VE_DISABLE",
                   "SEPT_VE_DISABLE is not set");
    out.add_unless((bits & kMigratable) == 0 || policy.allow_migratable, "P_MIGRATABLE", "migratable TD");
}

void check_service_td(const evidence::Quote& quote, const Policy& policy, Findings& out) {
    const Bytes zero(Digest384::kSize, 0);
    const auto field = quote.field("mr_service_td");
    const ByteView value = field ? *field : ByteView(zero);
    const bool allowed = policy.service_td ? contains(*policy.service_td, value) : equal(value, zero);
    out.add_unless(allowed, "P_SERVICE_TD", "service TD " + to_hex(value) + " is not allowed");
}

}  // namespace

std::vector<Finding> evaluate(const evidence::Quote& quote, const TdxResult& result, const Policy& policy) {
    Findings out;
    check_status(result, policy, out);
    check_platform(result, policy, out);
    check_program(quote, policy, out);
    check_attributes(quote, policy, out);
    check_service_td(quote, policy, out);
    return out.take();
}

}  // namespace lumoz::verify

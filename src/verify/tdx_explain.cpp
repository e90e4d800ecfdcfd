// SPDX-License-Identifier: Apache-2.0
// What a platform lacks, in words (specification tdx.md 7): for the person who has to update it.
#include "base/time.hpp"
#include "verify/tdx_result.hpp"

namespace lumoz::verify {

using evidence::TcbStatus;

namespace {

using Lines = std::vector<std::string>;

std::string text(TcbStatus status) {
    return std::string(to_text(status));
}

std::string date(std::int64_t time) {
    return to_rfc3339(time).substr(0, 10);
}

std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& item : list)
        out += (out.empty() ? "" : ", ") + item;
    return out;
}

std::string_view name_of(std::string_view part) {
    if (part == "module") return "the TDX module";
    return part == "qe" ? "the quoting enclave" : "the platform";
}

/// `SGX component 4 (BIOS): has 3, needs 4`.
std::string component(const Shortfall& s) {
    std::string out;
    if (s.set == "sgx") {
        out = "SGX component " + std::to_string(s.index);
    } else if (s.set == "tdx") {
        out = "TDX component " + std::to_string(s.index);
    } else if (s.set == "pcesvn") {
        out = "provisioning certification enclave (PCESVN)";
    } else {
        out = std::string(name_of(s.set)) + " (SVN)";
    }
    std::string kind = s.category;
    if (!s.type.empty()) kind += (kind.empty() ? "" : ", ") + s.type;
    if (!kind.empty()) out += " (" + kind + ")";
    return out + ": has " + std::to_string(s.have) + ", needs " + std::to_string(s.need);
}

/// What helps where no patch level does.
std::string_view without_patch(TcbStatus status) {
    switch (status) {
        case TcbStatus::SWHardeningNeeded:
            return "no newer patch level is listed: the software that runs there has to be hardened";
        case TcbStatus::ConfigurationNeeded:
            return "no newer patch level is listed: the machine has to be configured otherwise";
        case TcbStatus::ConfigurationAndSWHardeningNeeded:
            return "no newer patch level is listed: the machine has to be configured otherwise, and the "
                   "software that runs there has to be hardened";
        default:
            return "the vendor's documents list no better level for it";
    }
}

void add(Lines& out, const Remedy& r) {
    const std::string subject = std::string(name_of(r.part)) + " is " + text(r.status);
    if (!r.next) {
        out.push_back(subject + "; " + std::string(without_patch(r.status)));
        if (!r.advisories.empty()) out.push_back("  against: " + joined(r.advisories));
        return;
    }
    out.push_back(subject + "; it would be " + text(*r.next) + " (level of " + date(r.next_date) + ") with");
    for (const Shortfall& s : r.shortfall)
        out.push_back("  " + component(s));
    const std::vector<std::string>& gone = r.shortfall.front().advisories;
    out.push_back(gone.empty() ? "  no advisory would go" : "  then gone: " + joined(gone));
}

bool relaunch(TcbStatus status) {
    return status == TcbStatus::TDRelaunchAdvised ||
           status == TcbStatus::TDRelaunchAdvisedConfigurationNeeded;
}

bool same(const std::vector<Shortfall>& a, const std::vector<Shortfall>& b) {
    return std::ranges::equal(a, b, [](const Shortfall& x, const Shortfall& y) {
        return x.index == y.index && x.set == y.set && x.have == y.have && x.need == y.need;
    });
}

}  // namespace

std::vector<std::string> explain(const TdxResult& r) {
    Lines out;
    if (r.remedies.empty() && r.current_remedies.empty()) {
        out.push_back("nothing: every part is UpToDate (levels of " + date(r.tcb_date) + " and later)");
        return out;
    }
    for (const Remedy& remedy : r.remedies)
        add(out, remedy);
    if (relaunch(r.tcb_status)) {
        out.push_back("the platform was patched while this TD ran: today it is " +
                      text(r.current_tcb_status) +
                      ", at launch it was not; launch the TD again, with fresh keys");
    }
    if (r.current_tcb_status == r.tcb_status && same(r.shortfall(), r.current_shortfall())) return out;
    if (r.current_remedies.empty()) return out;
    out.push_back("by its patch level of today, which the TD did not start with (" +
                  text(r.current_tcb_status) + "):");
    for (const Remedy& remedy : r.current_remedies)
        add(out, remedy);
    return out;
}

}  // namespace lumoz::verify

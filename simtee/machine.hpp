// SPDX-License-Identifier: Apache-2.0
// The simulated confidential VM: a platform of the simulated vendor with one TD, booted, its measurements and
// its event log. Every text it gives says that it is simulated.
#pragma once

#include "simtee/quote.hpp"
#include "simtee/registers.hpp"

#include <mutex>

namespace lumoz::simtee {

/// Thread-safe.
class Machine {
public:
    /// Boots: the firmware and kernel events, then the runtime events up to system-ready.
    explicit Machine(const Digest256& seed);

    [[nodiscard]] const Vendor& vendor() const { return vendor_; }
    /// Answer of /GetQuote: quote, event_log, report_data, vm_config.
    [[nodiscard]] std::string quote_json(const ReportData& report_data) const;
    /// Answer of /Info.
    [[nodiscard]] std::string info_json() const;
    /// Extends RTMR3. `E_EVENT`.
    Status emit(std::string_view name, ByteView payload);
    /// A policy (specs/tdx.md 8) that wants these measurements: RTMR3 as booted and as each event made it.
    [[nodiscard]] std::string policy_json() const;

private:
    [[nodiscard]] std::string vm_config_json() const;
    [[nodiscard]] std::string tcb_info_json(const Registers& registers) const;
    [[nodiscard]] Registers registers() const;

    Vendor vendor_;
    std::string app_compose_;
    Digest256 compose_hash_;
    Digest256 os_image_hash_;
    TdIdentity td_;
    mutable std::mutex mutex_;
    Registers registers_;
    std::vector<Digest384> rtmr3_values_;
};

}  // namespace lumoz::simtee

// SPDX-License-Identifier: Apache-2.0
// The TDREPORT of /dev/tdx_guest (specs/tdx.md 12.2): 1,024 bytes with a MAC that only this machine can
// check. The host's quote service turns it into a quote.
#pragma once

#include "base/bytes.hpp"
#include "tee/turn.hpp"

#include <filesystem>

namespace lumoz::tee {

using TdReport = FixedBytes<struct TdReportTag, 1024>;

/// Where TDREPORTs come from, so that a test can stand in for the device.
class TdReportSource {
public:
    virtual ~TdReportSource() = default;
    /// A TDREPORT over `report_data`. Repeats while the kernel is busy or disturbed. `E_TEE_IO`,
    /// `E_TEE_BUSY`, `E_TEE_TIMEOUT`, `E_TEE_REFUSED`.
    virtual Result<TdReport> report(const ReportData& report_data, Deadline deadline) = 0;
};

/// The character device of the mainline driver (Linux 6.2 and later).
class TdxGuestDevice final : public TdReportSource {
public:
    /// Opened anew for each report.
    explicit TdxGuestDevice(std::filesystem::path path) : path_(std::move(path)) {}
    Result<TdReport> report(const ReportData& report_data, Deadline deadline) override;
    /// Whether it can be opened. `E_TEE_IO`.
    Status probe() const;

private:
    std::filesystem::path path_;
};

/// Whether the report is a TD's and over `asked`. `E_TEE_ANSWER`, `E_TEE_REPORT_DATA`.
Status check_td_report(const TdReport& report, const ReportData& asked);

}  // namespace lumoz::tee

// SPDX-License-Identifier: Apache-2.0
#include "tee/td_report.hpp"

#include "tee/retry.hpp"
#include "tee/socket_io.hpp"

#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <sys/ioctl.h>

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.tdx_guest";

/// Argument of the only ioctl of the mainline driver: report data in, report out.
struct TdxReportRequest {
    std::uint8_t report_data[64];
    std::uint8_t td_report[1024];
};
static_assert(sizeof(TdxReportRequest) == 64 + 1024);
static_assert(alignof(TdxReportRequest) == 1);
static_assert(offsetof(TdxReportRequest, td_report) == 64);

constexpr unsigned long kGetReport = _IOWR('T', 1, TdxReportRequest);
// Direction 3 (read and write), 1,088 bytes, 'T', 1.
static_assert(kGetReport == 0xC4405401UL);

/// The first part of a TDREPORT, as far as it is looked at here.
struct ReportMacHead {
    std::uint8_t type;  ///< 0x81: a TD
    std::uint8_t type_details[3];
    std::uint8_t reserved[12];
    std::uint8_t cpu_svn[16];
    std::uint8_t tee_tcb_info_hash[48];
    std::uint8_t tee_info_hash[48];
    std::uint8_t report_data[64];
    std::uint8_t reserved2[32];
    std::uint8_t mac[32];
};
static_assert(sizeof(ReportMacHead) == 256);
static_assert(offsetof(ReportMacHead, report_data) == 128);
constexpr std::uint8_t kTypeTd = 0x81;

}  // namespace

Status TdxGuestDevice::probe() const {
    const Descriptor fd(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
    if (fd.get() < 0) return kernel_error(kWhere, "open", -errno);
    return {};
}

Result<TdReport> TdxGuestDevice::report(const ReportData& report_data, Deadline deadline) {
    const Descriptor fd(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
    if (fd.get() < 0) return kernel_error(kWhere, "open", -errno);
    TdxReportRequest request{};
    std::ranges::copy(report_data.bytes, request.report_data);
    const int result =
        repeated(deadline, [&] { return ::ioctl(fd.get(), kGetReport, &request) == 0 ? 0 : -errno; });
    if (result < 0) return kernel_error(kWhere, "TDREPORT", result);
    return TdReport::from(request.td_report);
}

Status check_td_report(const TdReport& report, const ReportData& asked) {
    if (report.bytes[offsetof(ReportMacHead, type)] != kTypeTd) {
        return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere, "the TDREPORT is not a TD's");
    }
    const ByteView carried = report.view().subspan(offsetof(ReportMacHead, report_data), ReportData::kSize);
    if (!equal(carried, asked.view())) {
        return fail(Errc::Refused, "E_TEE_REPORT_DATA", kWhere,
                    "the TDREPORT carries other REPORTDATA than asked for");
    }
    return {};
}

}  // namespace lumoz::tee

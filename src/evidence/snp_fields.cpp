// SPDX-License-Identifier: Apache-2.0
#include "evidence/snp_fields.hpp"

#include "base/reader.hpp"

namespace lumoz::evidence {

namespace {

template <class Fixed>
Fixed fixed_at(ByteView report, std::size_t offset) {
    Fixed out;
    std::ranges::copy(report.subspan(offset, Fixed::kSize), out.bytes.begin());
    return out;
}

}  // namespace

Result<SnpFields> SnpFields::parse(ByteView report) {
    constexpr std::size_t kVersion = 0x000, kGuestSvn = 0x004, kPolicy = 0x008, kVmpl = 0x030,
                          kReportData = 0x050, kMeasurement = 0x090, kHostData = 0x0c0, kReportedTcb = 0x180,
                          kChipId = 0x1a0;
    if (report.size() != kSize)
        return fail(Errc::Malformed, "E_REPORT_PARSE", "report.snp.size",
                    std::to_string(report.size()) + " bytes, not 1184");
    SnpFields out;
    out.version = static_cast<std::uint32_t>(little_endian(report.subspan(kVersion, 4)));
    if (out.version < 2 || out.version > 5)
        return fail(Errc::Unsupported, "E_REPORT_FORM", "report.snp.version", std::to_string(out.version));
    out.guest_svn = static_cast<std::uint32_t>(little_endian(report.subspan(kGuestSvn, 4)));
    out.policy = little_endian(report.subspan(kPolicy, 8));
    out.vmpl = static_cast<std::uint32_t>(little_endian(report.subspan(kVmpl, 4)));
    out.report_data = fixed_at<ReportData>(report, kReportData);
    out.measurement = fixed_at<Digest384>(report, kMeasurement);
    out.host_data = fixed_at<Digest256>(report, kHostData);
    out.reported_tcb = to_bytes(report.subspan(kReportedTcb, 8));
    out.chip_id = to_bytes(report.subspan(kChipId, 64));
    return out;
}

}  // namespace lumoz::evidence

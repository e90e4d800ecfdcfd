// SPDX-License-Identifier: Apache-2.0
#include "tee/tdx_guest.hpp"

#include "tee/bounded.hpp"
#include "tee/report_data.hpp"

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.tdx_guest";

Result<Bytes> make_quote(TdReportSource& reports, const Connect& connect, const ReportData& report_data,
                         Deadline deadline) {
    LUMOZ_TRY(const TdReport report, reports.report(report_data, deadline));
    LUMOZ_CHECK_OK(check_td_report(report, report_data));
    return ask_quote_service(connect, report.view(), deadline);
}

class TdxGuest final : public Device {
public:
    TdxGuest(TdxGuestParts parts, std::chrono::milliseconds time_limit)
        : parts_(std::move(parts)), time_limit_(time_limit) {}

    std::string_view kind() const override { return "tdx-guest"; }
    std::string_view tee_type() const override { return "tdx"; }
    std::string_view no_event_log() const override { return parts_.log.missing; }

    Result<Evidence> quote(const ReportData& report_data) override {
        const Deadline deadline = std::chrono::steady_clock::now() + time_limit_;
        auto quote =
            bounded<Bytes>(turn_, deadline, kWhere,
                           [reports = parts_.reports, connect = parts_.quote_service, report_data, deadline] {
                               return make_quote(*reports, connect, report_data, deadline);
                           });
        if (!quote) return std::unexpected(std::move(quote).error());
        LUMOZ_CHECK_OK(check_quote_answers(*quote, report_data));
        return Evidence{
            .quote = *std::move(quote), .event_log = {}, .vm_config = {}, .cc_log = parts_.log.bytes};
    }

    Result<GuestInfo> info() override { return GuestInfo{"{}"}; }

private:
    TdxGuestParts parts_;
    std::chrono::milliseconds time_limit_;
    std::shared_ptr<Turn> turn_ = std::make_shared<Turn>();
};

}  // namespace

Result<std::unique_ptr<Device>> open_tdx_guest(TdxGuestParts parts, std::chrono::milliseconds time_limit) {
    LUMOZ_CHECK_OK(parts.quote_service(std::chrono::steady_clock::now() + time_limit));
    return std::make_unique<TdxGuest>(std::move(parts), time_limit);
}

}  // namespace lumoz::tee

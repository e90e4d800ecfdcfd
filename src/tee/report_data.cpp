// SPDX-License-Identifier: Apache-2.0
#include "tee/report_data.hpp"

#include "base/reader.hpp"

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.quote";
constexpr std::uint32_t kTeeTdx = 0x81;
constexpr std::uint64_t kReportDataInBody = 520;
constexpr std::uint64_t kHeaderAfterTeeType = 40;  // header bytes 8 to 47
constexpr std::uint64_t kDescriptor = 6;           // body type and size of version 5

Result<ReportData> report_data_of(ByteView quote) {
    Reader in(quote, "E_TEE_ANSWER", kWhere);
    LUMOZ_TRY(const auto version, in.le<std::uint16_t>());
    LUMOZ_CHECK_OK(in.le<std::uint16_t>());
    LUMOZ_TRY(const auto tee_type, in.le<std::uint32_t>());
    if ((version != 4 && version != 5) || tee_type != kTeeTdx) {
        return fail(
            Errc::Malformed, "E_TEE_ANSWER", kWhere,
            "not a TDX quote: version " + std::to_string(version) + ", TEE type " + std::to_string(tee_type));
    }
    LUMOZ_CHECK_OK(in.take(kHeaderAfterTeeType));
    LUMOZ_CHECK_OK(in.take((version == 5 ? kDescriptor : 0) + kReportDataInBody));
    return in.fixed<ReportData>();
}

}  // namespace

Status check_quote_answers(ByteView quote, const ReportData& asked) {
    if (quote.empty()) return fail(Errc::Malformed, "E_TEE_EMPTY", kWhere, "the quote has no bytes");
    if (quote.size() > kMaxQuote) {
        return fail(Errc::Limit, "E_TEE_TOO_LARGE", kWhere, std::to_string(quote.size()) + " bytes");
    }
    LUMOZ_TRY(const ReportData have, report_data_of(quote));
    if (have != asked) {
        return fail(Errc::Refused, "E_TEE_REPORT_DATA", kWhere,
                    "the quote carries other REPORTDATA than asked for");
    }
    return {};
}

}  // namespace lumoz::tee

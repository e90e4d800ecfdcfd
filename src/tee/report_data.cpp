// SPDX-License-Identifier: Apache-2.0
#include "tee/report_data.hpp"

#include "evidence/tdx_quote.hpp"

namespace lumoz::tee {

namespace {

constexpr std::string_view kWhere = "tee.quote";

}  // namespace

Status check_quote_answers(ByteView quote, const ReportData& asked) {
    if (quote.empty()) return fail(Errc::Malformed, "E_TEE_EMPTY", kWhere, "the quote has no bytes");
    if (quote.size() > evidence::kMaxQuoteSize) {
        return fail(Errc::Limit, "E_TEE_TOO_LARGE", kWhere, std::to_string(quote.size()) + " bytes");
    }
    const auto parsed = evidence::Quote::parse(quote);
    if (!parsed) {
        return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere,
                    std::string(parsed.error().rule) + ": " + parsed.error().detail);
    }
    if (!parsed->is_tdx()) return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere, "an SGX quote");
    if (parsed->report_data() != asked) {
        return fail(Errc::Refused, "E_TEE_REPORT_DATA", kWhere,
                    "the quote carries other REPORTDATA than asked for");
    }
    return {};
}

}  // namespace lumoz::tee

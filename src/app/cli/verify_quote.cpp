// SPDX-License-Identifier: Apache-2.0
// `lumoz verify quote`: a quote with its collateral, a policy and an event log; offline
// when the collateral is a file.
#include "app/cli/commands.hpp"
#include "app/cli/quote_sections.hpp"
#include "app/output/files.hpp"

namespace lumoz::app {

Result<Answer> verify_quote_file(const VerifyQuoteOptions& options, const Trust& trust) {
    LUMOZ_TRY(const Bytes content, read_input(options.file));
    LUMOZ_TRY(const Bytes quote, verify::quote_bytes(content));
    LUMOZ_TRY(const std::string collateral, options.collateral.empty()
                                                ? collateral_for(quote, options.source, trust)
                                                : read_text(options.collateral));
    std::optional<Bytes> log;
    if (!options.event_log.empty()) {
        LUMOZ_TRY(log, read_input(options.event_log));
    }
    verify::QuoteVerdict result =
        verify::verify_quote(quote, collateral, log ? std::optional<ByteView>(*log) : std::nullopt, trust);
    Answer answer{.verdict = std::move(result.verdict), .subject = "quote " + options.file};
    if (result.tdx) {
        answer.sections.push_back(quote_section(result.tdx->quote()));
        answer.sections.push_back(platform_section(result.tdx->result()));
    }
    if (result.log) answer.sections.push_back(event_log_section(*result.log));
    return answer;
}

}  // namespace lumoz::app

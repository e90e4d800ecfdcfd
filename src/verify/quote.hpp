// SPDX-License-Identifier: Apache-2.0
// One quote with everything that a caller holds against it: collateral as text, policy, event log.
#pragma once

#include "verify/event_log_check.hpp"
#include "verify/tdx.hpp"
#include "verify/trust.hpp"

namespace lumoz::verify {

struct QuoteVerdict {
    Verdict verdict;
    std::optional<VerifiedTdx>
        tdx;                       ///< there when the steps of tdx.md 5 hold, whatever the policy's findings
    std::optional<LogReplay> log;  ///< there when a log was given and can be read
};

/// The bytes of a quote that comes as bytes, as hex text (optional 0x, white space around), or in a JSON
/// document that holds the hex: a report (`intel_quote`) or a guest agent's answer (`quote`). `E_HEX`.
Result<Bytes> quote_bytes(ByteView content);

/// Steps 1 to 24, the policy (tdx.md 8: without a measurement in it any program is taken), and the event
/// log's registers. `collateral` is the JSON bundle of tdx.md 4.1,
/// or a report whose member `collateral` is one.
[[nodiscard]] QuoteVerdict verify_quote(ByteView quote, std::string_view collateral,
                                        std::optional<ByteView> log, const Trust& trust);

}  // namespace lumoz::verify

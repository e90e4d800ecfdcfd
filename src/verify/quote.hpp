// SPDX-License-Identifier: Apache-2.0
// One quote with everything that a caller holds against it: collateral as text, policy, event log.
#pragma once

#include "verify/event_log_check.hpp"
#include "verify/policy.hpp"
#include "verify/tdx.hpp"

namespace lumoz::verify {

struct QuoteDemand {
    RootPins roots;
    Policy policy;  ///< default: as specification tdx.md 8, any program
    UnixTime now = 0;
};

struct QuoteVerdict {
    Verdict verdict;
    std::optional<VerifiedTdx>
        tdx;                       ///< there when the steps of tdx.md 5 hold, whatever the policy's findings
    std::optional<LogReplay> log;  ///< there when a log was given and can be read
};

/// The bytes of a quote that comes as bytes or as hex text (optional 0x, white space around). `E_HEX`.
Result<Bytes> quote_bytes(ByteView content);

/// Steps 1 to 24, the policy, and the event log's registers. `collateral` is the JSON bundle of tdx.md 4.3.
[[nodiscard]] QuoteVerdict verify_quote(ByteView quote, std::string_view collateral,
                                        std::optional<ByteView> log, const QuoteDemand& demand);

}  // namespace lumoz::verify

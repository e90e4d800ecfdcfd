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

/// The bytes of a quote that comes as bytes, as hex text (optional 0x, white space around), or in a JSON
/// document that holds the hex: a report (`intel_quote`) or a guest agent's answer (`quote`). `E_HEX`.
Result<Bytes> quote_bytes(ByteView content);

/// Steps 1 to 24, the policy, and the event log's registers. `collateral` is the JSON bundle of tdx.md 4.1,
/// or a report whose member `collateral` is one.
[[nodiscard]] QuoteVerdict verify_quote(ByteView quote, std::string_view collateral,
                                        std::optional<ByteView> log, const QuoteDemand& demand);

}  // namespace lumoz::verify

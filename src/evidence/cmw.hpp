// SPDX-License-Identifier: Apache-2.0
// Conceptual message wrappers in JSON (RFC 9999; specification standards.md 4): how stored evidence is
// packed.
#pragma once

#include "base/json.hpp"

namespace lumoz::evidence {

/// One record of a collection; nested collections are flattened with labels joined by '/'.
struct CmwRecord {
    std::string label;
    std::string type;  ///< media type
    Bytes value;
    std::optional<unsigned> ind;
};

inline constexpr std::string_view kCmwQuote = "application/vnd.veraison.tsm-report+json";
inline constexpr std::string_view kCmwEventLog = "application/vnd.lumoz.event-log+json";
/// The firmware's binary log (tdx.md 11.1).
inline constexpr std::string_view kCmwCcLog = "application/vnd.lumoz.ccel";
inline constexpr std::string_view kCmwStatement = "application/vnd.lumoz.statement+json";
inline constexpr std::string_view kCmwKeyset = "application/vnd.lumoz.keyset+json";
inline constexpr std::string_view kCmwCollateral = "application/vnd.lumoz.collateral+json";
/// Record `made_at` of stored evidence: decimal Unix seconds.
inline constexpr std::string_view kCmwMadeAt = "application/vnd.lumoz.made-at+json";

/// Reads a JSON record or collection. `E_CMW_FORMAT`, `E_CMW_RECORD`, `E_CMW_TYPE`, `E_CMW_VALUE`,
/// `E_CMW_IND`, `E_CMW_COLLECTION`, `E_CMW_LIMIT`.
Result<std::vector<CmwRecord>> parse_cmw(std::string_view text);
/// A flat collection in the form of RFC 8785. Requires: labels are unique and hold no '/'.
[[nodiscard]] std::string cmw_collection(std::string_view type_uri, std::span<const CmwRecord> records);
/// The JSON value (RFC 8785) of a `cpu0` record: provider and quote.
[[nodiscard]] std::string tsm_report_json(std::string_view provider, ByteView quote);
/// The quote out of a `cpu0` record value. `E_CMW_VALUE`.
Result<Bytes> quote_from_tsm_report(ByteView value);

}  // namespace lumoz::evidence

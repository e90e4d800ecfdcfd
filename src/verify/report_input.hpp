// SPDX-License-Identifier: Apache-2.0
// The members of a report document, read and not believed. Internal to verify/.
#pragma once

#include "base/json.hpp"
#include "evidence/collateral.hpp"

namespace lumoz::verify {

/// Which document it was.
enum class ReportDocument : std::uint8_t { Report, AciAttestation, Stored };

struct ReportInput {
    ReportDocument document = ReportDocument::Report;
    Bytes quote;
    std::optional<Nonce> nonce;  ///< request_nonce
    std::optional<std::string> signing_algo;
    std::optional<std::string> signing_address;
    std::optional<std::string> signing_public_key;
    std::optional<Digest256> tls_fingerprint;
    std::optional<std::string> statement;
    std::optional<std::string> keyset;  ///< JSON text
    std::optional<std::string> keyset_digest;
    /// Members that repeat a part of the statement (`config_sha256`, `models`, `v1_keys`): name and canonical
    /// JSON.
    std::vector<std::pair<std::string, std::string>> claims;
    std::optional<std::string> event_log;  ///< JSON array as text
    std::optional<std::string> app_compose;
    std::optional<evidence::Collateral> collateral;
    std::optional<std::int64_t> made_at;
    bool gpu_evidence = false;
    std::size_t siblings = 0;  ///< further reports in `all_attestations`
};

/// `E_REPORT_PARSE`, `E_REPORT_FORM`, `E_COLLATERAL_PARSE`.
Result<ReportInput> read_report(std::string_view document);
/// A CMW collection. The errors of the wrapper, `E_REPORT_PARSE`, `E_COLLATERAL_PARSE`.
Result<ReportInput> read_stored_evidence(std::string_view document);

}  // namespace lumoz::verify

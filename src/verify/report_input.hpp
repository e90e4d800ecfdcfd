// SPDX-License-Identifier: Apache-2.0
// The members of a report document, read and not believed. Internal to verify/.
#pragma once

#include "base/json.hpp"
#include "evidence/collateral.hpp"
#include "evidence/tinfoil.hpp"
#include "verify/report.hpp"

namespace lumoz::verify {

/// Which kind of document a form belongs to.
enum class ReportDocument : std::uint8_t { Report, AciAttestation, Stored, Tinfoil };

struct ReportInput {
    ReportForm form = ReportForm::VllmProxy;
    evidence::CpuEvidence cpu = evidence::CpuEvidence::TdxQuote;
    Bytes quote;                 ///< or the SEV-SNP report
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
    std::optional<Bytes> cc_log;  ///< the firmware's binary log; looked at where there is no event_log
    std::optional<std::string> app_compose;
    std::optional<evidence::Collateral> collateral;
    std::optional<std::int64_t> made_at;
    bool gpu_evidence = false;
    std::optional<std::string> tls_certificate;  ///< PEM
    std::optional<ReportData> stated_report_data;
    bool ohttp = false;            ///< there is an OHTTP key configuration
    bool compose_manager = false;  ///< there is a statement of a compose manager
    std::optional<evidence::TinfoilV2> tinfoil_v2;
    std::optional<evidence::TinfoilBundle> tinfoil_bundle;
    std::optional<evidence::TinfoilV3> tinfoil_v3;
    std::string place;  ///< where the report stands in the document: empty, or `model_attestations[0]`
    /// Further reports of the document that say something else than this one; each without entries.
    std::vector<ReportInput> entries;

    [[nodiscard]] ReportDocument document() const;
};

/// One flat report (api.md 3.2), its lists unread.
Result<ReportInput> read_flat_report(const json::Value& root);
/// The reports in `gateway_attestation`, `model_attestations` and `all_attestations`. `root` is a report
/// itself, or nothing but such members; then the first of them is the one that the others belong to.
Result<ReportInput> read_report_lists(const json::Value& root);
/// A Tinfoil document, or the bundle.
Result<ReportInput> read_tinfoil(const json::Value& root);
/// `E_REPORT_PARSE`, `E_REPORT_AMBIGUOUS`, `E_REPORT_FORM`, `E_GZIP`, `E_COLLATERAL_PARSE`.
Result<ReportInput> read_report(std::string_view document);
/// A CMW collection. The errors of the wrapper, `E_REPORT_PARSE`, `E_COLLATERAL_PARSE`.
Result<ReportInput> read_stored_evidence(std::string_view document);

}  // namespace lumoz::verify

// SPDX-License-Identifier: Apache-2.0
// Verification of a whole attestation report (specification api.md 3.2, 3.3, 8.2; our superset form) and of
// the stored evidence of a keyset. Error codes of this file:
//   E_REPORT_PARSE      the document is not JSON of a known form                                malformed
//   E_REPORT_FORM       a form that is known and not checked here (SEV-SNP, Tinfoil documents)  unsupported
//   E_REPORT_COLLATERAL no collateral in the report and none given                              unsupported
//   E_REPORT_MEMBER     a member contradicts what the evidence proves (key, algorithm, digest)  refused
//   E_BINDING           report_data is not what the report's members hash to, in any form       refused
//   E_NONCE_MISMATCH    the bound nonce is not the one that was asked for                       refused
//   E_STATEMENT         the statement cannot be read, or contradicts the report                 refused
//   E_KEYSET            the keyset cannot be read, its digest differs, or it is out of date     refused
//   E_RTMR_MISMATCH     the event log does not replay to the quote's registers                  refused
//   E_COMPOSE           app_compose is not what log and mr_config_id have measured              refused
//   E_TLS_KEY           the TLS key seen is not one of the evidence                             refused
//   E_GPU_UNCHECKED     there is GPU evidence, which is not checked here                        unsupported
// Policy findings beyond evaluate(): P_MEASUREMENT (no measurement is named), P_GPU_MISSING, P_MODEL.
// Codes of `not_checked`: N_COMPOSE, N_EVENT_LOG, N_GPU, N_GPU_UNCHECKED, N_KEYSET, N_MADE_AT, N_MEASUREMENT,
// N_MODEL, N_NONCE, N_REVOCATION_DATE, N_SIBLINGS, N_TLS.
#pragma once

#include "evidence/event_log.hpp"
#include "evidence/keyset.hpp"
#include "evidence/report_data.hpp"
#include "evidence/statement.hpp"
#include "verify/policy.hpp"
#include "verify/tdx.hpp"

namespace lumoz::verify {

/// What the caller demands. Nothing here is skipped because it is absent: what is absent is named in
/// `not_checked`.
struct ReportDemand {
    RootPins roots;
    Policy policy;  ///< default: deny unknown measurements
    UnixTime now = 0;
    std::optional<Nonce> nonce;                      ///< that the caller chose
    std::optional<Digest256> tls_spki;               ///< of the connection that was used
    std::optional<evidence::Collateral> collateral;  ///< instead of the stapled one
};

/// A report whose quote, binding and documents hold. Only this folder can make one.
class VerifiedReport {
public:
    [[nodiscard]] const VerifiedTdx& tdx() const { return tdx_; }
    [[nodiscard]] evidence::BindingForm form() const { return form_; }
    /// Keys that the evidence proves; which ones depends on the form.
    [[nodiscard]] const std::optional<EthAddress>& ecdsa_address() const { return ecdsa_address_; }
    [[nodiscard]] const std::optional<crypto::Secp256k1Public>& ecdsa_key() const { return ecdsa_key_; }
    [[nodiscard]] const std::optional<crypto::Ed25519Public>& ed25519_key() const { return ed25519_key_; }
    [[nodiscard]] const std::optional<evidence::Keyset>& keyset() const { return keyset_; }
    [[nodiscard]] const std::optional<evidence::LumozStatement>& statement() const { return statement_; }
    /// The nonce that the evidence binds; nothing when it binds none.
    [[nodiscard]] const std::optional<Nonce>& nonce() const { return nonce_; }
    /// SPKI digests of TLS keys that the evidence proves.
    [[nodiscard]] const std::vector<Digest256>& tls_keys() const { return tls_keys_; }
    /// Stored evidence: when it was made; the service's own word.
    [[nodiscard]] const std::optional<UnixTime>& made_at() const { return made_at_; }

private:
    friend class ReportVerification;
    explicit VerifiedReport(VerifiedTdx tdx) : tdx_(std::move(tdx)) {}
    VerifiedTdx tdx_;
    evidence::BindingForm form_ = evidence::BindingForm::Plain;
    std::optional<EthAddress> ecdsa_address_;
    std::optional<crypto::Secp256k1Public> ecdsa_key_;
    std::optional<crypto::Ed25519Public> ed25519_key_;
    std::optional<evidence::Keyset> keyset_;
    std::optional<evidence::LumozStatement> statement_;
    std::optional<Nonce> nonce_;
    std::vector<Digest256> tls_keys_;
    std::optional<UnixTime> made_at_;
};

struct ReportVerdict {
    Verdict verdict;
    /// There when every rule holds, whatever the policy's findings; ask `verdict.accepted()` before use.
    std::optional<VerifiedReport> report;
};

/// A report document: `GET /v1/attestation/report` or `GET /v1/aci/attestation`. At most 8 MiB.
[[nodiscard]] ReportVerdict verify_report(std::string_view document, const ReportDemand& demand);

/// Stored evidence, `GET /v1/evidence/{digest}`: a CMW collection with the Lumoz statement of null nonce.
/// Verified as of `made_at`, or of `at` when given; `demand.now` and `demand.nonce` are not used.
[[nodiscard]] ReportVerdict verify_stored_evidence(std::string_view document, std::string_view keyset_digest,
                                                   const ReportDemand& demand,
                                                   std::optional<UnixTime> at = std::nullopt);

}  // namespace lumoz::verify

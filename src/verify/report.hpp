// SPDX-License-Identifier: Apache-2.0
// Verification of a whole attestation report of ours or of a compatible service (specification api.md 3.2,
// 3.3, 8.2, 10) and of the stored evidence of a keyset. Each report of a list is verified. A rule that says
// no outweighs a part that is not checked: 10 wins over 20. Error codes of this file:
//   E_REPORT_PARSE      the document is not JSON of a known form                                malformed
//   E_REPORT_AMBIGUOUS  the document is of two forms at once                                    malformed
//   E_REPORT_FORM       a form that is known and not checked here (SEV-SNP evidence)            unsupported
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
// N_MODEL, N_NONCE, N_REVOCATION_DATE, N_TLS, N_CERTIFICATE, N_COMPOSE_MANAGER, N_OHTTP, N_SIGSTORE,
// N_SNP_UNCHECKED, N_QUOTE_UNCHECKED, N_DEVICE_UNCHECKED.
#pragma once

#include "evidence/event_log.hpp"
#include "evidence/keyset.hpp"
#include "evidence/report_data.hpp"
#include "evidence/statement.hpp"
#include "verify/tdx.hpp"
#include "verify/trust.hpp"

namespace lumoz::verify {

/// What the caller demands. Nothing here is skipped because it is absent: what is absent is named in
/// `not_checked`.
struct ReportDemand : Trust {
    ReportDemand() = default;
    explicit ReportDemand(Trust trust) : Trust(std::move(trust)) {}
    std::optional<Nonce> nonce;                      ///< that the caller chose
    std::optional<Digest256> tls_spki;               ///< of the connection that was used
    std::optional<evidence::Collateral> collateral;  ///< instead of the stapled one
};

/// Which kind of document it is, before anything is believed.
enum class ReportForm : std::uint8_t {
    VllmProxy,     ///< the flat report, the signing key and a nonce in report_data
    VllmProxyTls,  ///< the same with the TLS key in it
    Lumoz,         ///< the flat report with our statement
    Aci,
    TinfoilV2,
    TinfoilBundleV2,
    TinfoilV3,
    LumozStored,  ///< the stored evidence of a keyset
};
/// `vllm-proxy`, `vllm-proxy-tls`, `lumoz`, `aci`, `tinfoil-v2`, `tinfoil-bundle-v2`, `tinfoil-v3`,
/// `lumoz-stored`.
[[nodiscard]] std::string_view to_text(ReportForm form);
/// The form of a document; nothing when it cannot be read as one.
[[nodiscard]] std::optional<ReportForm> recognise_report(std::string_view document);
/// False for forms whose evidence cannot hold a nonce (Tinfoil v2).
[[nodiscard]] bool binds_nonce(ReportForm form);

/// What the evidence proves; which parts depends on the form.
struct ReportProof {
    evidence::BindingForm form = evidence::BindingForm::Plain;
    std::optional<EthAddress> ecdsa_address;
    std::optional<crypto::Secp256k1Public> ecdsa_key;
    std::optional<crypto::Ed25519Public> ed25519_key;
    std::optional<evidence::Keyset> keyset;
    std::optional<evidence::LumozStatement> statement;
    std::optional<Nonce> nonce;
    std::vector<Digest256> tls_keys;
    std::optional<Digest256> hpke_key;  ///< X25519
    std::optional<UnixTime> made_at;
};

/// A report whose quote, binding and documents hold. Only this folder can make one.
class VerifiedReport {
public:
    [[nodiscard]] const VerifiedTdx& tdx() const { return tdx_; }
    [[nodiscard]] evidence::BindingForm form() const { return proof_.form; }
    /// Keys that the evidence proves; which ones depends on the form.
    [[nodiscard]] const std::optional<EthAddress>& ecdsa_address() const { return proof_.ecdsa_address; }
    [[nodiscard]] const std::optional<crypto::Secp256k1Public>& ecdsa_key() const { return proof_.ecdsa_key; }
    [[nodiscard]] const std::optional<crypto::Ed25519Public>& ed25519_key() const {
        return proof_.ed25519_key;
    }
    [[nodiscard]] const std::optional<evidence::Keyset>& keyset() const { return proof_.keyset; }
    [[nodiscard]] const std::optional<evidence::LumozStatement>& statement() const {
        return proof_.statement;
    }
    /// The nonce that the evidence binds; nothing when it binds none.
    [[nodiscard]] const std::optional<Nonce>& nonce() const { return proof_.nonce; }
    /// SPKI digests of TLS keys that the evidence proves.
    [[nodiscard]] const std::vector<Digest256>& tls_keys() const { return proof_.tls_keys; }
    /// Key for encrypted bodies (EHBP) that the evidence proves; Tinfoil forms only.
    [[nodiscard]] const std::optional<Digest256>& hpke_key() const { return proof_.hpke_key; }
    /// Stored evidence: when it was made; the service's own word.
    [[nodiscard]] const std::optional<UnixTime>& made_at() const { return proof_.made_at; }

private:
    friend class ReportVerification;
    VerifiedReport(VerifiedTdx tdx, ReportProof proof) : tdx_(std::move(tdx)), proof_(std::move(proof)) {}
    VerifiedTdx tdx_;
    ReportProof proof_;
};

struct ReportVerdict {
    Verdict verdict;
    /// There when every rule holds, whatever the policy's findings; ask `verdict.accepted()` before use.
    std::optional<VerifiedReport> report;
};

/// A report document: `GET /v1/attestation/report`, `GET /v1/aci/attestation`, a Tinfoil document or bundle.
/// At most 8 MiB, at most 64 reports in its lists.
[[nodiscard]] ReportVerdict verify_report(std::string_view document, const ReportDemand& demand);

/// Stored evidence, `GET /v1/evidence/{digest}`: a CMW collection with the Lumoz statement of null nonce.
/// Verified as of `made_at`, or of `at` when given; `demand.now` and `demand.nonce` are not used.
[[nodiscard]] ReportVerdict verify_stored_evidence(std::string_view document, std::string_view keyset_digest,
                                                   const ReportDemand& demand,
                                                   std::optional<UnixTime> at = std::nullopt);

}  // namespace lumoz::verify

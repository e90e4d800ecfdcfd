// SPDX-License-Identifier: Apache-2.0
// The evidence documents as JSON text: `/v1/attestation/report` (specs/api.md 3.2, all forms at once),
// `/v1/aci/attestation` (8.2), `/.well-known/tinfoil-attestation` (10) and the stored evidence of
// `/v1/evidence/{digest}` (design decision 3). Pure: what goes in is the public identity, a quote, collateral
// and a time.
#pragma once

#include "evidence/report_data.hpp"
#include "identity/collateral_source.hpp"
#include "identity/public_identity.hpp"
#include "identity/query.hpp"
#include "tee/device.hpp"

namespace lumoz::identity {

/// What the TEE says about itself once.
struct TeeFacts {
    std::string tee_type;          ///< `tdx`
    std::string info_json = "{}";  ///< JSON object, checked by the caller's device
};

/// What a quote must carry for one request, and the texts that explain it.
struct Binding {
    evidence::BindingForm form = evidence::BindingForm::Plain;
    ReportKey key = ReportKey::Ecdsa;
    std::optional<Nonce> nonce;
    std::string statement;  ///< Lumoz and ACI forms; the crypto material of Tinfoil's third generation
    ReportData report_data;
};

/// `nonce` is the query's or the one made for it; the Lumoz form binds "no nonce" when there is none.
/// Requires: a nonce for the plain and TLS forms.
[[nodiscard]] Binding bind_report(const PublicIdentity& identity, ReportKey key, evidence::BindingForm form,
                                  const std::optional<Nonce>& nonce);
/// Without a nonce the second generation, which has no place for one; with it the third. Requires: a TLS key.
[[nodiscard]] Binding bind_tinfoil(const PublicIdentity& identity, const std::optional<Nonce>& nonce);
[[nodiscard]] Binding bind_aci(const PublicIdentity& identity, const std::optional<Nonce>& nonce);

/// The members of api.md 3.2 and, beside them, `statement`, `binding`, `keyset`, `keyset_digest`, `models`,
/// `config_sha256`, `v1_keys`, `collateral`, `gpu_attestation` ("none"), `tee_type`, `cpu_evidence`,
/// `cpu_evidence_format`, `event_log_json`, `cc_eventlog` (the firmware's log, base64), `made_at`.
/// `nvidia_payload` is left out: there is no GPU.
[[nodiscard]] std::string report_json(const PublicIdentity& identity, const TeeFacts& tee,
                                      const Binding& binding, const tee::Evidence& evidence,
                                      const StapledCollateral* collateral, UnixTime made_at);
[[nodiscard]] std::string aci_attestation_json(const PublicIdentity& identity, const TeeFacts& tee,
                                               const Binding& binding, const tee::Evidence& evidence,
                                               const StapledCollateral* collateral);
/// `{"format","body"}`.
[[nodiscard]] std::string tinfoil_v2_json(const TeeFacts& tee, const tee::Evidence& evidence);
/// With the collateral as recorded answers of Intel's service, so that a client verifies offline.
[[nodiscard]] std::string tinfoil_v3_json(const TeeFacts& tee, const Binding& binding,
                                          const tee::Evidence& evidence, const StapledCollateral* collateral);
/// CMW collection (specs/standards.md 4): `cpu0`, `eventlog`, `statement`, `keyset`, `collateral`, `made_at`;
/// empty when it would be over 8 MiB.
[[nodiscard]] std::string stored_evidence_json(const PublicIdentity& identity, const TeeFacts& tee,
                                               const Binding& binding, const tee::Evidence& evidence,
                                               const StapledCollateral* collateral, UnixTime made_at);

}  // namespace lumoz::identity

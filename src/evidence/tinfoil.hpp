// SPDX-License-Identifier: Apache-2.0
// Attestation documents of the Tinfoil services, second and third generation, and the bundle for one-shot
// clients (specification api.md 10). Read strictly: no unknown and no double member, canonical Base64,
// lowercase hex. Everything is a claim until a verified quote carries the report_data that it hashes to.
//   E_REPORT_PARSE      not a document of the form                                      malformed
//   E_REPORT_FORM       a format URI, algorithm or evidence that is not known           unsupported
//   E_GZIP              the packed report cannot be unpacked                            malformed
//   E_COLLATERAL_PARSE  the collateral that the document brings cannot be read          malformed
#pragma once

#include "evidence/collateral.hpp"

namespace lumoz::evidence {

inline constexpr std::string_view kTinfoilPrefix = "https://tinfoil.sh/";

enum class CpuEvidence : std::uint8_t { TdxQuote, SevSnpReport };
/// `tdx`, `sev_snp`.
[[nodiscard]] std::string_view to_text(CpuEvidence kind);

/// `{"format","body"}`: 64 bytes of report_data are SHA-256 of the TLS key, then the HPKE key.
struct TinfoilV2 {
    CpuEvidence cpu = CpuEvidence::TdxQuote;
    Bytes evidence;           ///< unpacked; at most 64 KiB
    Digest256 document_hash;  ///< SHA-256(format ‖ body)

    static Result<TinfoilV2> from(const json::Value& document);
};

/// The bundle: a v2 document and what belongs to it. Sigstore's part and the VCEK are taken as they are.
struct TinfoilBundle {
    std::string domain;
    TinfoilV2 document;
    std::optional<std::string> certificate;  ///< PEM, unread
    bool sigstore = false;                   ///< there is a signature of the software
    bool vcek = false;

    static Result<TinfoilBundle> from(const json::Value& document);
};

/// One key of the crypto material.
struct TinfoilKey {
    std::string id;
    std::string format;
    Bytes data;
};

/// One item of device evidence; the evidence itself stays in the section's bytes.
struct TinfoilDevice {
    std::string id;
    std::string kind;
    std::string vendor;
    std::string format;
};

struct TinfoilV3 {
    CpuEvidence cpu = CpuEvidence::TdxQuote;
    Bytes evidence;
    Nonce nonce;                       ///< claimed by `challenge`
    ReportData report_data;            ///< claimed by `challenge`
    Digest256 crypto_material_hash;    ///< claimed by `endorsed`
    Digest256 device_evidence_hash;    ///< claimed by `endorsed`
    Digest256 crypto_material_sha256;  ///< of the section's bytes
    Digest256 device_evidence_sha256;  ///< of the section's bytes
    std::vector<TinfoilKey> keys;
    std::vector<TinfoilDevice> devices;
    std::optional<Collateral> collateral;    ///< from an `intel-pcs` entry
    std::vector<std::string> other_formats;  ///< of collateral entries that are not read here

    static Result<TinfoilV3> from(const json::Value& document);
    /// The key with this id when its format is the known one of 32 bytes for it (`tls`, `hpke`).
    [[nodiscard]] std::optional<Digest256> key(std::string_view id) const;
};

/// SHA-256(algorithm URI ‖ nonce ‖ hash ‖ hash), then 32 zero bytes.
[[nodiscard]] ReportData tinfoil_v3_report_data(const Nonce& nonce, const Digest256& crypto_material,
                                                const Digest256& device_evidence);
/// SHA-256 of the TLS key, then the HPKE key.
[[nodiscard]] ReportData tinfoil_v2_report_data(const Digest256& spki_sha256, ByteView hpke_key);

}  // namespace lumoz::evidence

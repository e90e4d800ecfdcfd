// SPDX-License-Identifier: Apache-2.0
// Certificates of Intel's attestation chains, read by the strict profile of specification tdx.md 3: X.509 v3,
// P-256, ecdsa-with-SHA256, the five named extensions, one encoding of everything. No general X.509.
#pragma once

#include "crypto/der.hpp"
#include "crypto/p256.hpp"
#include "evidence/tdx_quote.hpp"

namespace lumoz::evidence {

/// A certificate of the profile; owns its DER.
class Certificate {
public:
    /// `E_CERT_PARSE` when it is not of the profile, `E_CERT_EXTENSION` when an extension of the profile is
    /// missing.
    static Result<Certificate> parse(ByteView der);

    [[nodiscard]] ByteView der() const { return der_; }
    /// The signed part (whole element).
    [[nodiscard]] ByteView tbs() const { return tbs_.in(der_); }
    /// SHA-256 of it: what the issuer signed.
    [[nodiscard]] const Digest256& digest() const { return digest_; }
    /// Content of the serial number INTEGER.
    [[nodiscard]] ByteView serial() const { return serial_.in(der_); }
    /// Names as whole DER elements; chains compare these bytes.
    [[nodiscard]] ByteView issuer() const { return issuer_.in(der_); }
    [[nodiscard]] ByteView subject() const { return subject_.in(der_); }
    /// SubjectPublicKeyInfo as a whole element; its SHA-256 is what a pin is.
    [[nodiscard]] ByteView spki() const { return spki_.in(der_); }
    /// SHA-256 of the SubjectPublicKeyInfo.
    [[nodiscard]] const Digest256& spki_digest() const { return spki_digest_; }
    [[nodiscard]] ByteView subject_key_id() const { return subject_key_id_.in(der_); }
    [[nodiscard]] ByteView authority_key_id() const { return authority_key_id_.in(der_); }
    /// Content of the SGX extension (1.2.840.113741.1.13.1); empty when absent.
    [[nodiscard]] ByteView sgx_extension() const { return sgx_extension_.in(der_); }
    /// The first URI of the CRL distribution points; empty when there is none.
    [[nodiscard]] std::string_view crl_url() const { return as_text(crl_url_.in(der_)); }
    /// The one common name of the subject; empty when there is none or several.
    [[nodiscard]] const std::string& common_name() const { return common_name_; }

    crypto::P256Public key;
    crypto::P256Signature signature;
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    bool ca = false;
    bool key_cert_sign = false;
    bool digital_signature = false;

private:
    Certificate() = default;
    friend class CertificateReader;
    Bytes der_;
    Digest256 digest_, spki_digest_;
    Span tbs_, serial_, issuer_, subject_, spki_, subject_key_id_, authority_key_id_, sgx_extension_,
        crl_url_;
    std::string common_name_;
};

/// The DER of each certificate of a PEM text (leaf first), unparsed. `E_CERT_PARSE` for anything besides PEM
/// blocks labelled CERTIFICATE, CR, LF and final NULs.
Result<std::vector<Bytes>> split_certificates(std::string_view pem);

using Ppid = FixedBytes<struct PpidTag, 16>;
using PlatformInstanceId = FixedBytes<struct PlatformInstanceIdTag, 16>;
using CpuSvn = FixedBytes<struct CpuSvnTag, 16>;
using PceId = FixedBytes<struct PceIdTag, 2>;
using Fmspc = FixedBytes<struct FmspcTag, 6>;

/// What Intel states about the platform inside a PCK leaf.
struct PckExtension {
    struct Configuration {
        bool dynamic_platform = false;
        bool cached_keys = false;
        bool smt_enabled = false;
    };
    Ppid ppid;
    std::array<std::uint8_t, 16> components{};
    std::uint16_t pcesvn = 0;
    CpuSvn cpusvn;
    PceId pceid;
    Fmspc fmspc;
    std::uint8_t sgx_type = 0;
    std::optional<PlatformInstanceId> platform_instance_id;
    std::optional<Configuration> configuration;
};

/// Members are found by OID. `E_PCK_EXTENSION` when one is missing, of another size, or twice.
Result<PckExtension> parse_pck_extension(const Certificate& leaf);

}  // namespace lumoz::evidence

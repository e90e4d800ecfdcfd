// SPDX-License-Identifier: Apache-2.0
#include "simtee/vendor.hpp"

#include "base/hex.hpp"
#include "crypto/der.hpp"
#include "crypto/sha2.hpp"
#include "simtee/documents.hpp"
#include "simtee/x509.hpp"

namespace lumoz::simtee {
namespace {

constexpr std::string_view kRootName = "Intel SGX Root CA";
constexpr std::string_view kPlatformCaName = "Intel SGX PCK Platform CA";
constexpr std::string_view kPckName = "Intel SGX PCK Certificate";
constexpr std::string_view kTcbSigningName = "Intel SGX TCB Signing";
// Names that resolve nowhere (RFC 6761) and say what they are.
constexpr std::string_view kRootCrlUri = "https://simulated.invalid/IntelSGXRootCA.der";
constexpr std::string_view kPckCrlUri =
    "https://simulated.invalid/sgx/certification/v4/pckcrl?ca=platform&encoding=der";
constexpr UnixTime kNotBefore = 1704067200;  // 2024-01-01
constexpr UnixTime kNotAfter = 2524607999;   // 2049-12-31T23:59:59Z

/// First bytes of SHA-256(label ‖ root pin): identifiers that differ from seed to seed and reveal no secret.
template <class Fixed>
Fixed derived(std::string_view label, const Digest256& root_pin) {
    Bytes named = to_bytes(as_bytes(label));
    append(named, root_pin.view());
    const Digest256 digest = crypto::sha256(named);
    Fixed out;
    std::copy_n(digest.bytes.begin(), Fixed::kSize, out.bytes.begin());
    return out;
}

evidence::PckExtension make_platform(const Digest256& root_pin) {
    evidence::PckExtension platform;
    platform.ppid = derived<evidence::Ppid>("ppid", root_pin);
    platform.components = {7, 9, 3, 3, 255, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0};
    platform.pcesvn = 13;
    platform.cpusvn = evidence::CpuSvn(platform.components);
    platform.fmspc = evidence::Fmspc({'S', 'I', 'M', 0x00, 0x00, 0x01});
    platform.sgx_type = 1;
    platform.platform_instance_id = derived<evidence::PlatformInstanceId>("piid", root_pin);
    platform.configuration = {.dynamic_platform = true, .cached_keys = false, .smt_enabled = true};
    return platform;
}

std::string certificate_pem(const CertificateSpec& spec, const crypto::P256Key& signer) {
    return crypto::der::to_pem("CERTIFICATE", make_certificate(spec, signer));
}

}  // namespace

const QeFacts& qe_facts() {
    static const QeFacts facts = [] {
        QeFacts out{.mr_enclave = crypto::sha256(as_bytes("SIMULATED quoting enclave")),
                    .mr_signer = {},
                    .attributes = {0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7, 0, 0, 0, 0, 0, 0, 0},
                    .isv_prod_id = 2,
                    .isv_svn = 8};
        // The signer of Intel's TD QE (specs/tdx.md 4.5), because policies know it.
        out.mr_signer.bytes = {0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34,
                               0xa7, 0xfc, 0x43, 0xed, 0x03, 0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba,
                               0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5};
        return out;
    }();
    return facts;
}

std::array<std::uint8_t, 16> tee_tcb_svn() {
    return {6, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
}

Vendor::Vendor(const Digest256& seed)
    : root_(crypto::P256Key::derive(seed, "root")),
      platform_ca_(crypto::P256Key::derive(seed, "platform-ca")),
      pck_(crypto::P256Key::derive(seed, "pck")),
      tcb_signing_(crypto::P256Key::derive(seed, "tcb-signing")),
      attestation_(crypto::P256Key::derive(seed, "attestation")),
      root_pin_(crypto::sha256(crypto::p256_spki(root_.public_key()))),
      platform_(make_platform(root_pin_)) {
    const CertificateSpec root{.subject = kRootName,
                               .issuer = kRootName,
                               .key = root_.public_key(),
                               .issuer_key = root_.public_key(),
                               .not_before = kNotBefore,
                               .not_after = kNotAfter,
                               .crl_uri = kRootCrlUri,
                               .path_length = 1,
                               .extension = {}};
    CertificateSpec platform_ca = root;
    platform_ca.subject = kPlatformCaName;
    platform_ca.key = platform_ca_.public_key();
    platform_ca.path_length = 0;
    CertificateSpec tcb_signing = root;
    tcb_signing.subject = kTcbSigningName;
    tcb_signing.key = tcb_signing_.public_key();
    tcb_signing.path_length = std::nullopt;
    CertificateSpec pck = tcb_signing;
    pck.subject = kPckName;
    pck.issuer = kPlatformCaName;
    pck.key = pck_.public_key();
    pck.issuer_key = platform_ca_.public_key();
    pck.crl_uri = kPckCrlUri;
    pck.extension = sgx_extension(platform_);

    root_pem_ = certificate_pem(root, root_);
    platform_ca_pem_ = certificate_pem(platform_ca, root_);
    pck_chain_ = certificate_pem(pck, platform_ca_) + platform_ca_pem_ + root_pem_;
    tcb_chain_ = certificate_pem(tcb_signing, root_) + root_pem_;
}

evidence::Collateral Vendor::collateral(UnixTime now) const {
    const UnixTime issued = now - kBackdated;
    const UnixTime next_update = issued + kCollateralLifetime;
    const auto crl_number = static_cast<std::uint64_t>(issued);
    evidence::Collateral out;
    out.pck_crl_issuer_chain = platform_ca_pem_ + root_pem_;
    out.root_ca_crl = to_hex(make_crl(kRootName, issued, next_update, crl_number, root_));
    out.pck_crl = to_hex(make_crl(kPlatformCaName, issued, next_update, crl_number, platform_ca_));
    out.tcb_info_issuer_chain = tcb_chain_;
    out.tcb_info = tcb_info_text(platform_, issued, next_update);
    out.tcb_info_signature = to_hex(tcb_signing_.sign(as_bytes(out.tcb_info)).view());
    out.qe_identity_issuer_chain = tcb_chain_;
    out.qe_identity = qe_identity_text(issued, next_update);
    out.qe_identity_signature = to_hex(tcb_signing_.sign(as_bytes(out.qe_identity)).view());
    return out;
}

}  // namespace lumoz::simtee

// SPDX-License-Identifier: Apache-2.0
// The simulated vendor: the CA hierarchy of specs/tdx.md 3 under a root of its own, the one platform it
// certifies, and the documents it signs about that platform (4.4, 4.5). Every name and form is the real one;
// what makes it a simulation is that no verifier trusts this root unless it is named to it.
#pragma once

#include "base/time.hpp"
#include "crypto/p256.hpp"
#include "evidence/collateral.hpp"
#include "evidence/pck.hpp"

namespace lumoz::simtee {

/// How long CRLs, TCB info and QE identity are good for.
inline constexpr UnixTime kCollateralLifetime = 30 * 86400;
/// How far they are dated back, so that a verifier with a slow clock takes them too.
inline constexpr UnixTime kBackdated = 3600;

/// What the quoting enclave of the platform is; QE identity and QE reports agree on it.
struct QeFacts {
    Digest256 mr_enclave;
    Digest256 mr_signer;
    std::array<std::uint8_t, 16> attributes;
    std::uint16_t isv_prod_id;
    std::uint16_t isv_svn;
};
[[nodiscard]] const QeFacts& qe_facts();

/// TEE_TCB_SVN of the platform: module minor and major, microcode.
[[nodiscard]] std::array<std::uint8_t, 16> tee_tcb_svn();

/// Immutable; signing is safe from several threads.
class Vendor {
public:
    /// All keys follow from the seed.
    explicit Vendor(const Digest256& seed);

    /// SHA-256 of the root's SubjectPublicKeyInfo: the pin that a verifier must be given.
    [[nodiscard]] const Digest256& root_pin() const { return root_pin_; }
    [[nodiscard]] const evidence::PckExtension& platform() const { return platform_; }
    /// PEM: PCK leaf, platform CA, root.
    [[nodiscard]] const std::string& pck_chain() const { return pck_chain_; }
    /// What the provisioning certification enclave does to a QE report.
    [[nodiscard]] crypto::P256Signature sign_qe_report(ByteView report) const { return pck_.sign(report); }
    /// The attestation key of the quoting enclave.
    [[nodiscard]] const crypto::P256Key& attestation_key() const { return attestation_; }
    /// Everything a verifier needs, issued `now` and good for kCollateralLifetime.
    [[nodiscard]] evidence::Collateral collateral(UnixTime now) const;

private:
    crypto::P256Key root_;
    crypto::P256Key platform_ca_;
    crypto::P256Key pck_;
    crypto::P256Key tcb_signing_;
    crypto::P256Key attestation_;
    Digest256 root_pin_;
    evidence::PckExtension platform_;
    std::string root_pem_;
    std::string platform_ca_pem_;
    std::string pck_chain_;
    std::string tcb_chain_;
};

}  // namespace lumoz::simtee

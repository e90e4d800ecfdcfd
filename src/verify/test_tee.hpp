// SPDX-License-Identifier: Apache-2.0
// A tiny stand-in for Intel and one platform, for tests of verify/: it signs V4 quotes of TD 1.0 bodies with
// keys that are derived from a fixed seed, and brings the collateral. Written from specification tdx.md,
// apart from the simulator.
#pragma once

#include "crypto/p256.hpp"
#include "evidence/collateral.hpp"
#include "evidence/event_log.hpp"

#include <map>

namespace lumoz::verify::testing {

/// What a test wants in the quote.
struct TestTd {
    ReportData report_data;
    evidence::Rtmrs rtmr{};
    Digest384 mr_config_id;
    bool qe_debug = false;                ///< the QE report says that the QE runs in debug mode
    std::map<std::string, Bytes> fields;  ///< further fields of the body, by name
    std::uint16_t cert_type = evidence::kCertTypePckChain;
    std::optional<Bytes> cert_data;  ///< instead of the PCK chain
};

/// How many seconds before and after kNow each document is good for.
struct TestDates {
    static constexpr std::int64_t kDay = 86400, kYear = 365 * kDay;
    std::int64_t certificates = kYear, root_crl = kYear, pck_crl = kYear, tcb_info = kDay, qe_identity = kDay;
};

class TestTee {
public:
    explicit TestTee(const TestDates& dates = {});
    [[nodiscard]] const Digest256& root_pin() const { return root_pin_; }
    [[nodiscard]] const evidence::Collateral& collateral() const { return collateral_; }
    /// The same, but the root's list has this serial: 2 CA, 3 signer of the TCB info, 5 signer of the QE
    /// identity.
    [[nodiscard]] evidence::Collateral collateral_revoking(std::uint64_t serial) const;
    /// The same, but with this QE identity, signed.
    [[nodiscard]] evidence::Collateral collateral_with_qe(const std::string& identity) const;
    /// The same, but with this TCB info, signed.
    [[nodiscard]] evidence::Collateral collateral_with_tcb(const std::string& info) const;
    [[nodiscard]] Bytes quote(const TestTd& td) const;
    /// PEM, leaf first.
    [[nodiscard]] const std::string& pck_chain() const { return pck_chain_; }
    /// The same, but the leaf does not name its platform.
    [[nodiscard]] const std::string& nameless_chain() const { return nameless_chain_; }

    /// All dates of the collateral are around this time.
    static constexpr std::int64_t kNow = 1'800'000'000;

private:
    crypto::P256Key root_, ca_, pck_, signer_, attestation_;
    std::string pck_chain_, nameless_chain_;
    evidence::Collateral collateral_;
    Digest256 root_pin_;
};

}  // namespace lumoz::verify::testing

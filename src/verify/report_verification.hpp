// SPDX-License-Identifier: Apache-2.0
// The course of one report's verification. Internal to verify/: report.cpp has the rules, report_tinfoil.cpp
// those of Tinfoil's documents, report_evidence.cpp what the CPU's evidence is, report_outcome.cpp what is
// said at the end.
#pragma once

#include "evidence/snp_fields.hpp"
#include "verify/report.hpp"
#include "verify/report_input.hpp"

namespace lumoz::verify {

/// One report, rule by rule. The first rule that says no ends it; the rest is listed as not reached.
/// Parts that are not checked here do not end it: a later rule may still say no.
class ReportVerification {
public:
    ReportVerification(ReportInput in, const ReportDemand& demand, UnixTime at,
                       std::string_view expected_digest = {})
        : in_(std::move(in)), demand_(demand), at_(at), expected_digest_(expected_digest) {}

    ReportVerdict run();

private:
    struct Step {
        std::string_view id;
        std::string_view what;
        Status (ReportVerification::*check)();
    };
    static const Step kSteps[];

    /// The CPU's evidence; false when nothing can be compared with it.
    bool evidence();
    bool tdx_evidence(const evidence::Collateral& collateral);
    bool quote_alone();
    bool snp_evidence();
    void entries();

    Status binding();
    Status nonce();
    Status signing_key();
    Status keyset();
    Status event_log();
    Status cc_log();
    Status compose();
    Status tls();
    Status gpu();

    Status bind_statement();
    Status bind_aci();
    Status bind_v1();
    Status bind_tinfoil();
    Status bind_tinfoil_v2();
    Status bind_tinfoil_v3();
    Status tinfoil_certificate();
    Status tls_certificate();
    void prove_v1_key(const Bytes& address);
    Status prove_public_key();
    void findings();
    void not_checked();
    void not_checked_parts();
    void facts();
    void document_facts();
    void snp_facts();

    /// The quote, verified or only read; nothing for SEV-SNP.
    [[nodiscard]] const evidence::Quote* quote() const {
        if (tdx_) return &tdx_->quote();
        return bare_quote_ ? &*bare_quote_ : nullptr;
    }
    [[nodiscard]] const evidence::Quote* tdx_quote() const {
        return quote() != nullptr && quote()->is_tdx() ? quote() : nullptr;
    }

    ReportInput in_;
    const ReportDemand& demand_;
    UnixTime at_;
    std::string_view expected_digest_;
    Verdict verdict_;
    std::optional<VerifiedTdx> tdx_;
    std::optional<evidence::Quote> bare_quote_;  ///< read, not verified: there is no collateral
    std::optional<evidence::SnpFields> snp_;     ///< read, not verified
    ReportData report_data_;                     ///< of whichever evidence it is
    ReportProof proof_;
    std::optional<evidence::EventLog> log_;
};

}  // namespace lumoz::verify

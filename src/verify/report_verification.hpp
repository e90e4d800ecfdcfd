// SPDX-License-Identifier: Apache-2.0
// The course of one report's verification. Internal to verify/: report.cpp has the rules, report_outcome.cpp
// what is said at the end.
#pragma once

#include "verify/report.hpp"
#include "verify/report_input.hpp"

namespace lumoz::verify {

/// One report, rule by rule. The first rule that fails ends it; the rest is listed as not reached.
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

    Status binding();
    Status nonce();
    Status signing_key();
    Status keyset();
    Status event_log();
    Status compose();
    Status tls();
    Status gpu();

    Status bind_statement();
    Status bind_aci(const ReportData& have);
    Status bind_v1(const ReportData& have);
    void prove_v1_key(const Bytes& address);
    Status prove_public_key();
    void findings(const VerifiedTdx& tdx);
    void not_checked();
    void facts();

    ReportInput in_;
    const ReportDemand& demand_;
    UnixTime at_;
    std::string_view expected_digest_;
    Verdict verdict_;
    std::optional<VerifiedReport> report_;
    std::optional<evidence::EventLog> log_;
};

}  // namespace lumoz::verify

// SPDX-License-Identifier: Apache-2.0
// Evidence on request: binds, asks the attestor, builds the document. With a nonce it is always fresh;
// without one it is kept 300 seconds and renewed in the background at half of that (specs/api.md 3.4).
#pragma once

#include "identity/attestor.hpp"
#include "identity/report.hpp"

namespace lumoz::identity {

using SharedText = std::shared_ptr<const std::string>;

struct ReportsOptions {
    std::chrono::seconds cache_time{300};
};

struct ReportsCounters {
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_misses = 0;
    std::uint64_t documents = 0;  ///< built
};

/// Thread-safe. Attestor, collateral and clock must outlive it and every quote it asked for; quotes that are
/// under way when it ends are still answered.
class Reports {
public:
    /// Called exactly once, on the quote thread or at once on the caller's.
    using Done = std::move_only_function<void(Result<SharedText>)>;

    Reports(PublicIdentity identity, TeeFacts tee, Attestor& attestor, CollateralSource& collateral,
            const Clock& clock, ReportsOptions options = {});
    ~Reports();
    Reports(const Reports&) = delete;
    Reports& operator=(const Reports&) = delete;

    /// `/v1/attestation/report`. Errors as Attestor::quote.
    void report(const ReportQuery& query, Done done);
    /// `/v1/aci/attestation`.
    void aci_attestation(const std::optional<Nonce>& nonce, Done done);
    /// The evidence to store when the keys are born; waits for its quote. Errors as Attestor::quote, and
    /// `E_EVIDENCE_SIZE`.
    Result<std::string> birth_evidence();
    [[nodiscard]] ReportsCounters counters() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace lumoz::identity

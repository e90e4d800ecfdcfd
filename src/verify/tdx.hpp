// SPDX-License-Identifier: Apache-2.0
// Verification of Intel TDX and SGX quotes (specification tdx.md 5 and 6): a pure function of quote,
// collateral, roots and time. No network, no clock, no switch that skips a step. The first failing step
// decides the error.
#pragma once

#include "base/time.hpp"
#include "evidence/collateral.hpp"
#include "evidence/tdx_quote.hpp"
#include "verify/roots.hpp"
#include "verify/tdx_result.hpp"

#include <memory>

namespace lumoz::verify {

struct PreparedState;

/// Collateral whose parsing and signatures are done once (5.1). Immutable, cheap to copy, safe to share.
/// Faults in it are kept and reported at their step of each verification, so that the order of errors is that
/// of 5.
class PreparedCollateral {
public:
    static PreparedCollateral prepare(const evidence::Collateral& collateral, const RootPins& roots);
    /// The same, with the certificates of this quote known: further quotes of its platform cost two
    /// signatures.
    static PreparedCollateral prepare_for(ByteView quote, const evidence::Collateral& collateral,
                                          const RootPins& roots);
    /// Latest begin and earliest end of TCB info, QE identity, both CRLs and their certificates; empty
    /// (not_before > not_after) when a part is unusable.
    [[nodiscard]] UnixTime not_before() const;
    [[nodiscard]] UnixTime not_after() const;

private:
    friend class TdxVerification;
    explicit PreparedCollateral(std::shared_ptr<const PreparedState> state) : state_(std::move(state)) {}
    std::shared_ptr<const PreparedState> state_;
};

/// A quote that passed every step. Only this folder can make one.
class VerifiedTdx {
public:
    [[nodiscard]] const evidence::Quote& quote() const { return quote_; }
    [[nodiscard]] const TdxResult& result() const { return result_; }
    [[nodiscard]] const Digest256& root() const { return root_; }
    [[nodiscard]] bool simulated() const { return !RootPins::is_embedded(root_); }

private:
    friend class TdxVerification;
    VerifiedTdx(evidence::Quote quote, TdxResult result, const Digest256& root)
        : quote_(std::move(quote)), result_(std::move(result)), root_(root) {}
    evidence::Quote quote_;
    TdxResult result_;
    Digest256 root_;
};

/// Every rule, and the verified quote when all hold.
struct TdxVerdict {
    Verdict verdict;
    std::optional<VerifiedTdx> tdx;
};

/// Runs steps 1 to 24. Dates compare inclusively with `now`.
[[nodiscard]] TdxVerdict verify_tdx(ByteView quote, const evidence::Collateral& collateral,
                                    const RootPins& roots, UnixTime now);
/// The same with collateral that was prepared before, for the same roots.
[[nodiscard]] TdxVerdict verify_tdx(ByteView quote, const PreparedCollateral& collateral, UnixTime now);

}  // namespace lumoz::verify

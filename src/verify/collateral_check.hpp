// SPDX-License-Identifier: Apache-2.0
// Collateral on its own, before any quote: every chain, signature and date that can be checked without one.
// Who keeps collateral (a cache, an operator) checks it here before it takes the place of what was good.
#pragma once

#include "base/time.hpp"
#include "evidence/collateral.hpp"
#include "verify/roots.hpp"

namespace lumoz::verify {

/// What holds of a bundle as a whole.
struct CheckedCollateral {
    bool tdx = false;
    std::string fmspc;           ///< 12 lower-case hex digits
    UnixTime not_before = 0;     ///< latest begin of any document or certificate in it
    UnixTime not_after = 0;      ///< earliest end
    std::uint32_t tcb_eval = 0;  ///< smaller tcbEvaluationDataNumber of the two documents
    UnixTime tcb_issued = 0;     ///< issueDate of the TCB info
};

/// Both signing chains, both documents, both CRLs (the PCK CRL by `pck_crl_issuer_chain`, which a quote's own
/// chain replaces later), revocation of the signers, the kind of QE identity, and that `now` lies in the
/// window. Errors of specification tdx.md 5, steps 5 to 12 and 16.
Result<CheckedCollateral> check_collateral(const evidence::Collateral& collateral, const RootPins& roots,
                                           UnixTime now);

}  // namespace lumoz::verify

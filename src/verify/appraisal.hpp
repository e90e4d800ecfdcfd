// SPDX-License-Identifier: Apache-2.0
// TCB appraisal (specification tdx.md 6): which level a platform, a TDX module and a QE reach, and what that
// makes together. Pure comparisons. Internal to verify/.
#pragma once

#include "verify/tdx_result.hpp"

namespace lumoz::verify {

/// TEE_TCB_SVN or TEE_TCB_SVN2.
using TeeTcbSvn = std::array<std::uint8_t, 16>;

struct AppraisalInput {
    const evidence::TcbInfo& tcb;
    const evidence::QeIdentity& qe;
    const evidence::PckExtension& pck;
    std::uint16_t qe_svn = 0;
    std::optional<TeeTcbSvn> launch;   ///< TDX
    std::optional<TeeTcbSvn> current;  ///< TD report 1.5 and later
};

/// The module identity of a major version; `E_TDX_MODULE_MISMATCH` when there is none. Requires: major > 0.
Result<const evidence::TdxModuleIdentity*> module_identity(const evidence::TcbInfo& tcb, std::uint8_t major);

/// Launch and current result and their combination. `E_TCB_NOT_SUPPORTED`, `E_TDX_MODULE_MISMATCH`. Leaves
/// `collateral_expires` to the caller. A Revoked result is a result.
Result<TdxResult> appraise(const AppraisalInput& input);

}  // namespace lumoz::verify

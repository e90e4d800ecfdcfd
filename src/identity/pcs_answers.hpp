// SPDX-License-Identifier: Apache-2.0
// Collateral as the recorded answers of Intel's certification service, the way attestation documents of the
// third Tinfoil generation carry it (specs/tdx.md 4.2, api.md 10): what `evidence::collateral_from_pcs`
// reads.
#pragma once

#include "evidence/collateral.hpp"
#include "evidence/platform.hpp"

namespace lumoz::identity {

/// `{"responses":[{"url","headers","body_base64"}…]}` with TCB info, QE identity, PCK CRL and root CRL, under
/// the URLs at which the service gives them for `platform`. `E_CRL_PARSE` for a CRL in no known encoding.
Result<std::string> pcs_answers_json(const evidence::Collateral& collateral,
                                     const evidence::Platform& platform);

}  // namespace lumoz::identity

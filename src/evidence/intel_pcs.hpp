// SPDX-License-Identifier: Apache-2.0
// Collateral as recorded answers of Intel's certification service (specification tdx.md 4.2): one URL, its
// headers and its body each, as attestation documents of the third generation carry them (api.md 10). The
// signed texts are cut out of the bodies byte for byte.
#pragma once

#include "evidence/collateral.hpp"

namespace lumoz::evidence {

/// `{"responses":[{"url","headers":{name:[value…]},"body_base64"}…]}` of exactly these members; at most 16
/// answers; URLs of other documents are ignored, the same document twice is refused. `E_COLLATERAL_PARSE`
/// (malformed), also when one of TCB info, QE identity, PCK CRL and root CRL is missing: the detail names it.
Result<Collateral> collateral_from_pcs(const json::Value& data);

}  // namespace lumoz::evidence

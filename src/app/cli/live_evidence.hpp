// SPDX-License-Identifier: Apache-2.0
// Evidence of a live service with a nonce that nobody could know: fetched, verified, compared with the key of
// the connection. Shared by `verify URL` and `ask`.
#pragma once

#include "app/cli/service.hpp"
#include "app/cli/trust.hpp"
#include "verify/report.hpp"

namespace lumoz::app {

struct LiveEvidence {
    std::string document;  ///< the report as it came
    Nonce nonce;
    bool binds_nonce = true;  ///< false: the form has no room for one
    verify::ReportVerdict result;
    double verify_ms = 0;  ///< time of the verification alone
};

/// Asks with `binding=lumoz`, in the compatible forms where that is not offered, and for the ACI and the
/// Tinfoil document where there is no report at all. `E_SERVICE` and network errors.
Result<LiveEvidence> fetch_evidence(Service& service, const Trust& trust);
/// The model that a request will name: `wanted`, or the only one that the evidence proves. `E_MODEL` (Usage)
/// when there are several; adds rule `service.model` when the evidence lists models and `wanted` is not one.
Result<std::string> choose_model(LiveEvidence& evidence, const std::string& wanted);

}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
// The attestation routes: `/v1/attestation/report`, `/v1/aci/attestation`, `/v1/evidence/{digest}`.
#pragma once

#include "gateway/call.hpp"

namespace lumoz::gateway {

net::Task<void> answer_evidence_page(Call& call);

}  // namespace lumoz::gateway

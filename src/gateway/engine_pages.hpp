// SPDX-License-Identifier: Apache-2.0
// Pages that show the engine's own state, without a receipt.
#pragma once

#include "gateway/call.hpp"

namespace lumoz::gateway {

/// `GET /v1/metrics`: the text of the engine's `/metrics`, as it is; of the first model's engine. Statuses
/// other than 200 become our errors.
net::Task<void> answer_engine_metrics(Call& call);

}  // namespace lumoz::gateway

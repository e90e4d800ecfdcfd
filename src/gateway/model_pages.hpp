// SPDX-License-Identifier: Apache-2.0
// `/v1/models`, `/v1/models/{name}` and the lines about models in `/metrics`.
#pragma once

#include "gateway/call.hpp"

namespace lumoz::gateway {

/// Answers the call. Requires: the page is Models or ModelEntry.
net::Task<void> answer_models_page(Call& call);

/// Gauges and counters of each model and of each of its backends. Labels are the models' names, as the
/// configuration has them, and the backends' numbers.
void write_model_metrics(std::string& out, const ModelTable& models);

}  // namespace lumoz::gateway

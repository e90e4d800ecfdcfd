// SPDX-License-Identifier: Apache-2.0
// `GET /v1/usage`: what the caller's own credential used.
#pragma once

#include "gateway/call.hpp"

namespace lumoz::gateway {

/// `{"object":"usage","data":[{"model","requests","input_tokens","output_tokens"}…]}` in the order of names.
[[nodiscard]] std::string usage_json(const std::vector<store::UsageTotal>& totals);
/// Answers with the totals of the call's principal; without authentication those of all who asked. 401 when
/// there is no credential where one is needed, 503 when the store cannot be read.
net::Task<void> answer_usage(Call& call);

}  // namespace lumoz::gateway

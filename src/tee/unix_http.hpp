// SPDX-License-Identifier: Apache-2.0
// One blocking HTTP/1.1 POST over an AF_UNIX socket: one connection per call, a deadline over all of it.
#pragma once

#include "tee/http_answer.hpp"
#include "tee/turn.hpp"

namespace lumoz::tee {

/// POSTs JSON and reads the whole answer, of any status. `E_TEE_IO`, `E_TEE_TIMEOUT`, `E_TEE_ANSWER`,
/// `E_TEE_TOO_LARGE`.
Result<HttpAnswer> unix_post(const std::string& path, std::string_view target, std::string_view json,
                             std::size_t max_body, Deadline deadline);

}  // namespace lumoz::tee

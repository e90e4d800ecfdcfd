// SPDX-License-Identifier: Apache-2.0
// What the gateway must know of a request's body, read strictly and without changing a byte: the body must be
// one JSON object without duplicate names, and not too deep. ACI's serving constraints (specs/api.md 8.6) are
// judged here too, for a direct service.
#pragma once

#include "gateway/error_table.hpp"

#include <expected>

namespace lumoz::gateway {

struct RequestBody {
    std::optional<std::string> model;
    bool stream = false;
    /// Body to forward where it differs from the one received: `provider.aci_*` spliced out.
    std::optional<std::string> forwarded;
};

/// Refuses with 400 `bad_request` what is not a strict JSON object or has `model` or `stream` of a wrong
/// type; with 400 `invalid_request_error` or 412 `session_not_accepted` what section 8.6 refuses.
[[nodiscard]] std::expected<RequestBody, ApiError> read_request_body(std::string_view body,
                                                                     std::size_t max_bytes,
                                                                     std::uint32_t max_depth);

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// Media types of requests and answers (RFC 9110 8.3): compared without case, parameters apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lumoz::gateway {

/// True when `content_type` is `type`, with or without parameters.
[[nodiscard]] bool is_media_type(std::string_view content_type, std::string_view type);
/// The parameter `name`, a token or a quoted text without escapes; nothing when it is absent, there twice, or
/// not well-formed.
[[nodiscard]] std::optional<std::string> media_parameter(std::string_view content_type,
                                                         std::string_view name);

}  // namespace lumoz::gateway

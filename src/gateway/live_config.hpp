// SPDX-License-Identifier: Apache-2.0
// Which keys of the configuration change without a restart.
#pragma once

#include "gateway/config.hpp"

namespace lumoz::gateway {

/// `start` with the values of `file` where a key can change while the service runs.
[[nodiscard]] Config with_live_keys(const Config& start, const Config& file);
/// The names of keys whose values differ.
[[nodiscard]] std::vector<std::string_view> changed_keys(const Config& before, const Config& after);

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// Chance for waiting times: many machines that start together must not ask together.
#pragma once

#include <cstdint>

namespace lumoz::collateral {

/// Uniform enough for waits: 0 to `bound`, inclusive; 0 for a bound below 1.
[[nodiscard]] std::int64_t chance_below(std::int64_t bound);

}  // namespace lumoz::collateral

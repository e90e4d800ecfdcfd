// SPDX-License-Identifier: Apache-2.0
// The feeder of `[collateral] service`: whose collateral is learned from a quote of this very machine.
#pragma once

#include "collateral/feeder.hpp"
#include "gateway/config.hpp"
#include "tee/device.hpp"

namespace lumoz::app {

/// `E_CONFIG`, the device's errors, and those of collateral::platform_of. Attempts are logged. `clock` must
/// outlive it.
Result<std::unique_ptr<collateral::Feeder>> make_feeder(const gateway::Config& config, tee::Device& device,
                                                        const Clock& clock);

}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
// TOML file to configuration.
#pragma once

#include "gateway/config.hpp"

namespace lumoz::app {

/// Flattens TOML text into dotted keys; the tables of a list get its index, as `models[0].name`. `E_CONFIG`
/// with line and column for text that is not TOML, and for kinds of values that no key has (dates, floats).
Result<gateway::ConfigValues> read_toml(std::string_view text);
/// Reads, flattens, applies and validates a file of at most 1 MiB. `E_CONFIG`.
Result<gateway::Config> read_config(const std::string& path);

}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
// The models of a configuration: `[[models]]`, or the one of `[model]` and `[engine]`. Both use the same
// keys.
#pragma once

#include "base/json.hpp"
#include "gateway/config.hpp"

namespace lumoz::gateway {

/// True for the keys of elements of `[[models]]`, as `models[0].name`.
[[nodiscard]] bool is_of_model_table(std::string_view key);
/// Fills `config.models` in, when all other keys were set, and checks each. `E_CONFIG`.
Status read_models(const ConfigValues& values, Config& config);
/// Every key of each model with its value, sorted by the models' names.
void write_models(json::Writer& out, const std::vector<ModelConfig>& models);
/// The section of the reference page about `[[models]]`.
[[nodiscard]] std::string models_reference();

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// The engine that the configuration asks for.
#pragma once

#include "engine/supervised_engine.hpp"
#include "engine/url_engine.hpp"
#include "gateway/config.hpp"

namespace lumoz::app {

/// Exactly one of the two is there.
struct ChosenEngine {
    std::unique_ptr<engine::SupervisedEngine> supervised;
    std::unique_ptr<engine::UrlEngine> url;

    [[nodiscard]] engine::Engine& get() const {
        if (supervised) return *supervised;
        return *url;
    }
};

/// Makes it; starts nothing. `E_CONFIG` (no binary, bad URL), `E_ENGINE_*`, `E_TLS_CA`.
Result<ChosenEngine> choose_engine(const gateway::Config& config);

}  // namespace lumoz::app

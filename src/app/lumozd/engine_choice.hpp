// SPDX-License-Identifier: Apache-2.0
// The engines that the configuration of a model asks for.
#pragma once

#include "engine/engine_group.hpp"
#include "engine/supervised_engine.hpp"
#include "engine/url_engine.hpp"
#include "gateway/config.hpp"

namespace lumoz::app {

/// What answers for one model. Members are destroyed from the last to the first.
struct ModelEngines {
    /// A server of one endpoint.
    struct Elsewhere {
        std::string path;    ///< what clients ask for
        std::string target;  ///< its own path; empty: the same
        std::unique_ptr<engine::UrlEngine> engine;
    };
    std::unique_ptr<engine::SupervisedEngine> supervised;  ///< or
    std::vector<std::unique_ptr<engine::UrlEngine>> urls;  ///< at least one
    std::unique_ptr<engine::EngineGroup> group;            ///< over `urls` when there are several
    std::vector<Elsewhere> elsewhere;

    [[nodiscard]] engine::Engine& main() const;
    /// Those of `urls` and of `elsewhere`.
    [[nodiscard]] std::vector<engine::UrlEngine*> by_url() const;
};

/// Makes them; starts nothing. `socket_dir`: name of the folder below `engine.runtime_dir` for the engine's
/// socket. `E_CONFIG` (no binary, bad URL), `E_ENGINE_*`, `E_TLS_CA`.
Result<ModelEngines> choose_engines(const gateway::Config& shared, const gateway::ModelConfig& model,
                                    std::string socket_dir);

/// The paths that the model answers; empty: all.
[[nodiscard]] std::vector<std::string> offered_paths(const gateway::ModelConfig& model);

}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
// The models that the service answers for.
#pragma once

#include "engine/engine.hpp"
#include "receipt/receipt.hpp"

namespace lumoz::gateway {

struct Model {
    std::string name;  ///< what clients ask for
    engine::Engine& engine;
    std::optional<receipt::ModelEvent> event;  ///< absent: the weights are not known here
};

class ModelTable {
public:
    explicit ModelTable(std::vector<Model> models) : models_(std::move(models)) {}
    /// Without a name: the only model. Null when there is none of this name, or more than one without.
    [[nodiscard]] const Model* find(const std::optional<std::string>& name) const;
    [[nodiscard]] const std::vector<Model>& all() const { return models_; }
    /// Whether every engine answers.
    [[nodiscard]] bool ready() const;

private:
    std::vector<Model> models_;
};

}  // namespace lumoz::gateway

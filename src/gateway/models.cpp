// SPDX-License-Identifier: Apache-2.0
#include "gateway/models.hpp"

#include <algorithm>

namespace lumoz::gateway {

const Model* ModelTable::find(const std::optional<std::string>& name) const {
    if (!name) return models_.size() == 1 ? &models_.front() : nullptr;
    const auto found = std::ranges::find(models_, *name, &Model::name);
    return found == models_.end() ? nullptr : &*found;
}

bool ModelTable::ready() const {
    return std::ranges::all_of(models_, [](const Model& model) { return model.engine.ready(); });
}

}  // namespace lumoz::gateway

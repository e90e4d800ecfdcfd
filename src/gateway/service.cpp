// SPDX-License-Identifier: Apache-2.0
#include "gateway/service.hpp"

namespace lumoz::gateway {

Metrics& MetricsHub::add() {
    const std::scoped_lock lock(mutex_);
    return sets_.emplace_back();
}

void MetricsHub::sum(Metrics& out) const {
    const std::scoped_lock lock(mutex_);
    for (const Metrics& set : sets_)
        set.add_to(out);
}

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// The table of configuration keys.
#pragma once

#include "gateway/config.hpp"

#include <functional>
#include <span>

namespace lumoz::gateway {

struct ConfigKey {
    std::string_view name;  ///< dotted
    std::string_view type;
    std::string_view doc;
    std::function<Status(Config&, const ConfigValue&)> set;
    std::function<std::string(const Config&)> show;
};

/// All keys in the order of the reference page.
[[nodiscard]] std::span<const ConfigKey> config_keys();

}  // namespace lumoz::gateway

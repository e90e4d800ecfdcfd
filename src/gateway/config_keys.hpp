// SPDX-License-Identifier: Apache-2.0
// The table of configuration keys.
#pragma once

#include "gateway/config.hpp"

#include <functional>
#include <span>

namespace lumoz::gateway {

struct ConfigKey {
    std::string name;  ///< dotted
    std::string_view type;
    std::string doc;
    std::function<Status(Config&, const ConfigValue&)> set;
    std::function<std::string(const Config&)> show;
    bool of_model = false;  ///< a member of ModelConfig: each element of `[[models]]` may say it

    /// The key's name in an element of `[[models]]`: `engine` for `engine.kind`, else without the section.
    [[nodiscard]] std::string_view short_name() const;
};

/// All keys in the order of the reference page.
[[nodiscard]] std::span<const ConfigKey> config_keys();

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
#include "gateway/live_config.hpp"

#include "gateway/config_keys.hpp"

#include <tuple>

namespace lumoz::gateway {
namespace {

/// Read anew for each request, or by the main thread. Each is listed in docs/keys.md.
constexpr std::tuple kLive{&Config::drain_timeout,
                           &Config::keys_lifetime,
                           &Config::keys_rotate_before,
                           &Config::tls_warn_before,
                           &Config::engine_total_timeout,
                           &Config::collateral_warn_before,
                           &Config::signatures_open,
                           &Config::max_body_bytes,
                           &Config::max_json_depth,
                           &Config::inline_proof_bytes,
                           &Config::log_level};

}  // namespace

Config with_live_keys(const Config& start, const Config& file) {
    Config out = start;
    std::apply([&](auto... member) { ((out.*member = file.*member), ...); }, kLive);
    return out;
}

std::vector<std::string_view> changed_keys(const Config& before, const Config& after) {
    std::vector<std::string_view> names;
    // What `[engine]` says for all models stands in each of them, and those have their own way
    // (docs/models.md).
    const bool tables = before.model_tables && after.model_tables;
    for (const ConfigKey& key : config_keys())
        if (!(tables && key.of_model) && key.show(before) != key.show(after)) names.push_back(key.name);
    if (before.model_tables != after.model_tables) names.emplace_back("models");
    return names;
}

}  // namespace lumoz::gateway

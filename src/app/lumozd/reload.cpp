// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/reload.hpp"

#include "app/lumozd/read_config.hpp"
#include "base/log.hpp"
#include "gateway/config_keys.hpp"

namespace lumoz::app {

Status load_tokens(gateway::Service& service) {
    if (service.config.token_file.empty()) return {};
    LUMOZ_TRY(gateway::TokenTable table, gateway::TokenTable::load(service.config.token_file));
    log::info("tokens", {{"credentials", static_cast<std::int64_t>(table.size())}});
    service.credentials.set(std::make_shared<const gateway::TokenTable>(std::move(table)));
    return {};
}

std::vector<std::string_view> changed_keys(const gateway::Config& before, const gateway::Config& after) {
    std::vector<std::string_view> names;
    // What `[engine]` says for all models stands in each of them.
    const bool tables = before.model_tables && after.model_tables;
    for (const gateway::ConfigKey& key : gateway::config_keys())
        if (!(key.of_model && tables) && key.show(before) != key.show(after)) names.push_back(key.name);
    if (before.model_tables != after.model_tables) names.emplace_back("models");
    return names;
}

std::optional<gateway::Config> reload(gateway::Service& service, const std::string& config_path) {
    if (const Status loaded = load_tokens(service); !loaded)
        log::error("reload_refused", {{"rule", loaded.error().rule}, {"detail", loaded.error().detail}});
    if (const Status polled = service.collateral.poll(); !polled)
        log::warn("collateral_refused", {{"rule", polled.error().rule}});
    const Result<gateway::Config> now = read_config(config_path);
    if (!now) {
        log::error("reload_refused", {{"rule", now.error().rule}, {"detail", now.error().detail}});
        return std::nullopt;
    }
    for (const std::string_view name : changed_keys(service.config, *now)) {
        if (name == "log.level" && set_log_level(now->log_level)) continue;
        log::warn("reload_needs_restart", {{"key", name}});
    }
    log::info("reloaded");
    return *now;
}

bool set_log_level(std::string_view name) {
    for (const auto& [text, level] : {std::pair{std::string_view("debug"), log::Level::Debug},
                                      {std::string_view("info"), log::Level::Info},
                                      {std::string_view("warn"), log::Level::Warn},
                                      {std::string_view("error"), log::Level::Error}}) {
        if (name != text) continue;
        log::set_level(level);
        return true;
    }
    return false;
}

}  // namespace lumoz::app

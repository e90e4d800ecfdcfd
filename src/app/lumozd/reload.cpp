// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/reload.hpp"

#include "app/lumozd/read_config.hpp"
#include "base/log.hpp"

namespace lumoz::app {

Status load_tokens(gateway::Service& service) {
    if (service.config.token_file.empty()) return {};
    LUMOZ_TRY(gateway::TokenTable table, gateway::TokenTable::load(service.config.token_file));
    log::info("tokens", {{"credentials", static_cast<std::int64_t>(table.size())}});
    service.credentials.set(std::make_shared<const gateway::TokenTable>(std::move(table)));
    return {};
}

std::optional<gateway::Config> read_again(gateway::Service& service, const std::string& config_path) {
    if (const Status loaded = load_tokens(service); !loaded)
        log::error("reload_refused", {{"rule", loaded.error().rule}, {"detail", loaded.error().detail}});
    if (const Status polled = service.collateral.poll(); !polled)
        log::warn("collateral_refused", {{"rule", polled.error().rule}});
    const Result<gateway::Config> now = read_config(config_path);
    if (now) return *now;
    log::error("reload_refused", {{"rule", now.error().rule}, {"detail", now.error().detail}});
    return std::nullopt;
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

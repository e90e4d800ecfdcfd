// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/reload.hpp"

#include "app/lumozd/read_config.hpp"
#include "base/log.hpp"

namespace lumoz::app {

namespace {

void use_tokens(gateway::Service& service, std::shared_ptr<const gateway::TokenTable> table) {
    log::info("tokens", {{"credentials", static_cast<std::int64_t>(table->size())}});
    service.credentials.set(std::move(table));
}

}  // namespace

Status load_tokens(gateway::Service& service, gateway::TokenFile& tokens) {
    LUMOZ_TRY(auto table, tokens.load());
    use_tokens(service, std::move(table));
    return {};
}

void poll_tokens(gateway::Service& service, gateway::TokenFile& tokens) {
    auto table = tokens.poll();
    if (!table) {
        log::warn("tokens_refused", {{"rule", table.error().rule}, {"detail", table.error().detail}});
        return;
    }
    if (*table) use_tokens(service, std::move(*table));
}

std::optional<gateway::Config> read_again(gateway::Service& service, gateway::TokenFile* tokens,
                                          const std::string& config_path) {
    const Status loaded = tokens == nullptr ? Status{} : load_tokens(service, *tokens);
    if (!loaded)
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

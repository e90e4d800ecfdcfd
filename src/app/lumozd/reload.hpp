// SPDX-License-Identifier: Apache-2.0
// SIGHUP: what can be read again without a restart is; what cannot is named.
#pragma once

#include "gateway/service.hpp"
#include "gateway/token_file.hpp"

namespace lumoz::app {

/// Reads the token file into the service; nothing changes when it cannot be read. `E_TOKEN_FILE`.
Status load_tokens(gateway::Service& service, gateway::TokenFile& tokens);
/// Takes the token file's new content if it has one; one that cannot be read changes nothing and is logged
/// once.
void poll_tokens(gateway::Service& service, gateway::TokenFile& tokens);
/// The names of keys whose values differ.
[[nodiscard]] std::vector<std::string_view> changed_keys(const gateway::Config& before,
                                                         const gateway::Config& after);
/// Tokens, log level and collateral are taken anew; one log line each for what needs a restart.
/// `tokens` is null without a token file.
void reload(gateway::Service& service, gateway::TokenFile* tokens, const std::string& config_path);
/// Sets the log's level by its name; false for an unknown name.
bool set_log_level(std::string_view name);

}  // namespace lumoz::app

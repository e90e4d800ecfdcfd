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
/// Tokens and collateral are taken anew at once, since no evidence covers them; the configuration is read and
/// handed back. Nothing when it is bad, which is logged.
/// `tokens` is null without a token file.
std::optional<gateway::Config> read_again(gateway::Service& service, gateway::TokenFile* tokens,
                                          const std::string& config_path);
/// Sets the log's level by its name; false for an unknown name.
bool set_log_level(std::string_view name);

}  // namespace lumoz::app

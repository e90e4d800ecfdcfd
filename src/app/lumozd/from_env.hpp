// SPDX-License-Identifier: Apache-2.0
// Moving over: the environment of the compatible proxies (specs/api.md 13) as a configuration of ours, and
// what of it has no counterpart.
#pragma once

#include "base/bytes.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lumoz::app {

struct Moved {
    std::string toml;         ///< the configuration
    std::string token_lines;  ///< lines of a token file, hashes only; empty without `TOKEN`
    struct Note {
        std::string name;  ///< of the variable
        std::string why;   ///< what becomes of it
    };
    std::vector<Note> notes;  ///< variables that have no counterpart, or another meaning
};

/// Looks up one variable; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// `token_file`: where the token lines will lie. Values that cannot be read are `E_FROM_ENV`, with the name
/// of the variable and never the value of `TOKEN`.
Result<Moved> config_from_env(const Environment& environment, const std::string& token_file);

}  // namespace lumoz::app

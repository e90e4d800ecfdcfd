// SPDX-License-Identifier: Apache-2.0
// The command line of lumoz-simtee.
#pragma once

#include "base/bytes.hpp"

#include <optional>

namespace lumoz::simtee {

/// What --help prints.
[[nodiscard]] std::string_view usage();

struct Options {
    std::string socket;             ///< --socket PATH, wanted
    std::string state;              ///< --state DIR, wanted
    std::string root_out;           ///< --root-out FILE; empty: not written
    std::optional<Digest256> seed;  ///< --seed HEX64; nothing: from the state directory
    bool help = false;

    /// `--name value` and `--name=value`, each once. `E_USAGE`.
    static Result<Options> parse(std::span<const std::string_view> arguments);
};

}  // namespace lumoz::simtee

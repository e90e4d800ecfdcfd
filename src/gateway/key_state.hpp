// SPDX-License-Identifier: Apache-2.0
// How the renewal of keys and certificates goes, for `/ready` and `/metrics`. The main thread replaces it as
// a whole.
#pragma once

#include "base/time.hpp"

#include <optional>

namespace lumoz::gateway {

struct KeyState {
    std::uint64_t rotations = 0;  ///< lives after the first
    std::uint64_t failures = 0;   ///< attempts that gave no new life
    std::size_t lives = 1;        ///< in memory: the one in force, and those that running requests hold
    std::string trouble = {};     ///< rule of the last attempt when it failed
    std::optional<UnixTime> chain_not_after = {};  ///< of the imported certificate in use
    std::string tls_warning = {};  ///< what an operator should look at; empty when all is well
};

struct Service;

/// Warnings of the checks `keys` and `tls`; empty when all is well.
[[nodiscard]] std::string keys_warning(const Service& service);
[[nodiscard]] std::string tls_warning(const Service& service);
/// Lines of `/metrics` about keys and certificates.
void write_key_metrics(const Service& service, std::string& out);

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// What every verifying command is given: policy, extra roots, time. Read once, before anything is verified.
#pragma once

#include "verify/trust.hpp"

namespace lumoz::app {

/// As typed.
struct TrustOptions {
    std::string policy_file = {};              ///< empty: the default policy
    std::vector<std::string> root_spkis = {};  ///< hex of SHA-256 of SubjectPublicKeyInfo
    std::string at = {};                       ///< RFC 3339; empty: the clock
};

/// As understood.
struct Trust : verify::Trust {
    bool at_given = false;
};

/// `E_POLICY`, `E_FILE`, `E_ROOT_SPKI`, `E_TIME`; all are wrong usage.
Result<Trust> read_trust(const TrustOptions& options, const Clock& clock);

}  // namespace lumoz::app

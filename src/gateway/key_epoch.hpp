// SPDX-License-Identifier: Apache-2.0
// One life of keys as requests see it: what proves them, what they sign, the reports about them, and the
// configuration that their evidence covers. A request begins and ends with the same.
#pragma once

#include "identity/reports.hpp"
#include "receipt/signer.hpp"

namespace lumoz::gateway {

struct Config;

/// The parts live as long as whoever made the epoch says (key_life.hpp: as the epoch); they are thread-safe.
struct KeyEpoch {
    const identity::PublicIdentity& identity;
    const receipt::Signer& signer;
    identity::Reports& reports;
    const Config* config = nullptr;  ///< null: that of the service
};

}  // namespace lumoz::gateway

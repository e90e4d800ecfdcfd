// SPDX-License-Identifier: Apache-2.0
// One life of keys: what proves them, what they sign, and the reports about them. A request begins and ends
// with the same.
#pragma once

#include "identity/reports.hpp"
#include "receipt/signer.hpp"

namespace lumoz::gateway {

/// The parts live as long as whoever made the epoch says; they are thread-safe.
struct KeyEpoch {
    const identity::PublicIdentity& identity;
    const receipt::Signer& signer;
    identity::Reports& reports;
};

}  // namespace lumoz::gateway

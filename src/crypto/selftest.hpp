// SPDX-License-Identifier: Apache-2.0
// What a service runs before it signs anything: every algorithm against an answer that others published.
#pragma once

#include "base/result.hpp"

namespace lumoz::crypto {

/// Hashes: known answers. Signatures: a known answer where the algorithm is deterministic, then sign, verify
/// or recover with a fresh key, and refusal of a changed message. `E_SELFTEST`; `where` names the algorithm.
Status self_test();

}  // namespace lumoz::crypto

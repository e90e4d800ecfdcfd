// SPDX-License-Identifier: Apache-2.0
// What every verification is given: roots, policy, time.
#pragma once

#include "base/time.hpp"
#include "verify/policy.hpp"
#include "verify/roots.hpp"

namespace lumoz::verify {

struct Trust {
    RootPins roots;
    Policy policy;  ///< default: deny unknown measurements
    UnixTime now = 0;
};

}  // namespace lumoz::verify

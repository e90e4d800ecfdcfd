// SPDX-License-Identifier: Apache-2.0
// What every fuzz target shares: the entry point and a check that stays in every build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

/// The function that libFuzzer and the replay program call with one input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace lumoz::fuzz {

/// Stops the program when a property of the code under test does not hold.
inline void hold(bool property) {
    if (!property) std::abort();
}

}  // namespace lumoz::fuzz

// SPDX-License-Identifier: Apache-2.0
// Randomness of the kernel. A failure ends the process: nothing sensible can follow.
#pragma once

#include "base/bytes.hpp"

namespace lumoz::crypto {

void random_fill(std::span<std::uint8_t> out);
template <class Fixed>
[[nodiscard]] Fixed random_fixed() {
    Fixed out;
    random_fill(out.bytes);
    return out;
}

}  // namespace lumoz::crypto

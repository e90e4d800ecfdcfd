// SPDX-License-Identifier: Apache-2.0
#include "collateral/chance.hpp"

#include "crypto/random.hpp"

#include <array>
#include <bit>

namespace lumoz::collateral {

std::int64_t chance_below(std::int64_t bound) {
    if (bound < 1) return 0;
    std::array<std::uint8_t, 8> bytes{};
    crypto::random_fill(bytes);
    return static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(bytes) %
                                     (static_cast<std::uint64_t>(bound) + 1));
}

}  // namespace lumoz::collateral

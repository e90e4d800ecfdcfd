// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

namespace lumoz {

bool constant_time_equal(ByteView a, ByteView b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference |= static_cast<unsigned>(a[i] ^ b[i]);
        // The barrier keeps the compiler from leaving the loop once a difference is known.
        asm volatile("" : "+r"(difference));
    }
    return difference == 0;
}

}  // namespace lumoz

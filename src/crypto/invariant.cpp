// SPDX-License-Identifier: Apache-2.0
#include "crypto/invariant.hpp"

#include "base/log.hpp"

#include <cstdlib>

namespace lumoz::crypto {

void must(bool holds, std::string_view what) {
    if (holds) return;
    log::error("crypto_invariant", {{"what", what}});
    std::abort();
}

}  // namespace lumoz::crypto

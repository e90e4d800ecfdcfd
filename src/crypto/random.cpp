// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.hpp"

#include "crypto/invariant.hpp"

#include <cerrno>
#include <sys/random.h>

namespace lumoz::crypto {

void random_fill(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const ssize_t got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        must(got > 0, "random");
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace lumoz::crypto

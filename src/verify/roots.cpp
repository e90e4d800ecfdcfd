// SPDX-License-Identifier: Apache-2.0
#include "verify/roots.hpp"

namespace lumoz::verify {

const Digest256& intel_root_pin() {
    static constexpr Digest256 kPin(std::array<std::uint8_t, 32>{
        0xa0, 0xaf, 0x03, 0x12, 0x89, 0xf5, 0xd5, 0xd4, 0x13, 0x2f, 0x91, 0x86, 0x06, 0x8a, 0x7f, 0xc1,
        0x36, 0x28, 0x63, 0x3b, 0xa2, 0x35, 0x77, 0x74, 0x72, 0xe2, 0x9b, 0x6b, 0x6c, 0x67, 0xa4, 0x9e});
    return kPin;
}

RootPins::RootPins() : pins_{intel_root_pin()} {}

void RootPins::also_accept(const Digest256& spki_sha256) {
    pins_.push_back(spki_sha256);
}

bool RootPins::accepts(const Digest256& spki_sha256) const {
    return std::ranges::find(pins_, spki_sha256) != pins_.end();
}

bool RootPins::is_embedded(const Digest256& spki_sha256) {
    return spki_sha256 == intel_root_pin();
}

}  // namespace lumoz::verify

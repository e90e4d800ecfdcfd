// SPDX-License-Identifier: Apache-2.0
// Keccak-256 as Ethereum uses it (padding byte 01, not the 06 of SHA3-256).
#pragma once

#include "base/bytes.hpp"

namespace lumoz::crypto {

[[nodiscard]] Digest256 keccak256(ByteView data);
/// The same sponge with another padding byte; 06 makes it the SHA3-256 of FIPS 202, which others can check.
[[nodiscard]] Digest256 keccak256_padded(ByteView data, std::uint8_t padding);

}  // namespace lumoz::crypto

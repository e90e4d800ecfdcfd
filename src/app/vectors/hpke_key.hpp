// SPDX-License-Identifier: Apache-2.0
// HPKE DeriveKeyPair (RFC 9180 7.1.3) for DHKEM(X25519, HKDF-SHA256), and the OHTTP key configuration made of
// it (specification api.md 7). Used to check vectors; the service makes its HPKE key from the kernel's RNG.
#pragma once

#include "crypto/x25519.hpp"

namespace lumoz::app::vectors {

[[nodiscard]] crypto::X25519Secret hpke_derive_key(ByteView input_key_material);
/// 45 bytes: key id 1, KEM, public key, the two suites.
[[nodiscard]] Bytes ohttp_key_config(const crypto::X25519Public& key);

}  // namespace lumoz::app::vectors

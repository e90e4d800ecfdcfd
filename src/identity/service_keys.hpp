// SPDX-License-Identifier: Apache-2.0
// The seven keys of one life, one role each (design decision 1; a service has several lives, one after
// another). They are made from the
// kernel's randomness in locked memory, proven to work, and never leave the process; nothing here can write
// them anywhere.
#pragma once

#include "base/time.hpp"
#include "crypto/ed25519.hpp"
#include "crypto/p256.hpp"
#include "crypto/secp256k1.hpp"
#include "crypto/x25519.hpp"

#include <chrono>
#include <memory>

namespace lumoz::identity {

struct ServiceKeys {
    crypto::Secp256k1Key v1_secp256k1;  ///< EIP-191 text, EIP-712 receipts, `ecdsa` field encryption
    crypto::Ed25519Key v1_ed25519;      ///< v1 text, `ed25519` field encryption
    crypto::Ed25519Key aci_receipt_ed25519;
    crypto::Ed25519Key log_ed25519;
    crypto::X25519Key aci_e2ee_x25519;
    crypto::X25519Key hpke_x25519;
    std::shared_ptr<const crypto::P256Key> tls_p256;  ///< also of other lives: see docs/keys.md
    UnixTime born_at;

    /// New keys, but for the TLS key if one is given that goes on. `E_KEY_SELF_TEST` when a key does not sign
    /// what its public half verifies: then the process must not serve.
    static Result<ServiceKeys> generate(const Clock& clock,
                                        std::shared_ptr<const crypto::P256Key> tls = nullptr);
    /// Sign and verify, and recover the address, with every signing key.
    [[nodiscard]] Status self_test() const;
};

/// Life of a keyset if nothing else is configured: `not_after` = birth + 7 days (design decision 8).
inline constexpr UnixTime kKeysetLifetime = UnixTime{7} * 24 * 3600;
/// Name of the ACI receipt key in the keyset.
inline constexpr std::string_view kReceiptKeyId = "receipt-1";

}  // namespace lumoz::identity

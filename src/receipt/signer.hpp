// SPDX-License-Identifier: Apache-2.0
// Signs one exchange: text, both v1 signatures and the ACI receipt in one call (about 70 µs of CPU). It
// holds references to keys that live elsewhere, knows no clock and does no I/O. The typed form of
// specs/onchain.md 4.1 (EIP-712, with a gap-free sequence) will be signed by the writer of the store, beside
// this and by the same v1 key: nothing here depends on it.
#pragma once

#include "crypto/ed25519.hpp"
#include "crypto/secp256k1.hpp"
#include "receipt/receipt.hpp"

namespace lumoz::receipt {

enum class Algo : std::uint8_t { Ecdsa, Ed25519 };
/// `ecdsa` or `ed25519`.
[[nodiscard]] std::string_view to_text(Algo algo);

/// The three keys that sign an exchange, one role each. They must outlive the Signer.
struct SigningKeys {
    const crypto::Secp256k1Key& v1_ecdsa;
    const crypto::Ed25519Key& v1_ed25519;
    const crypto::Ed25519Key& aci_receipt;
};

/// Who signed, as clients see it.
struct SignerAddresses {
    EthAddress ecdsa;
    crypto::Ed25519Public ed25519;
    bool operator==(const SignerAddresses&) const = default;
};

/// The v1 signatures of one text; absent for an answer that was cut.
struct TextSignatures {
    std::string text;
    crypto::RecoverableSignature ecdsa;
    crypto::Ed25519Signature ed25519;
};

struct SignedExchange {
    std::string receipt_json;
    std::optional<TextSignatures> signatures;
};

/// Thread-safe: `sign` may run on many threads at once.
class Signer {
public:
    Signer(SigningKeys keys, std::string key_id, std::string keyset_digest);

    /// Requires: `fields` as its declaration says; texts are UTF-8.
    [[nodiscard]] SignedExchange sign(const ReceiptFields& fields) const;
    [[nodiscard]] const SignerAddresses& addresses() const { return addresses_; }
    [[nodiscard]] const std::string& keyset_digest() const { return keyset_digest_; }

private:
    SigningKeys keys_;
    std::string key_id_;
    std::string keyset_digest_;
    SignerAddresses addresses_;
};

}  // namespace lumoz::receipt

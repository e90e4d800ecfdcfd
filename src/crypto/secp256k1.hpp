// SPDX-License-Identifier: Apache-2.0
// secp256k1 by libsecp256k1: keys, recoverable signatures with RFC 6979 nonces and low s, EIP-191, EIP-55.
#pragma once

#include "base/secret.hpp"

namespace lumoz::crypto {

using Secp256k1Seed = Secret<struct Secp256k1SeedTag, 32>;
/// Uncompressed point x ‖ y without the 04 prefix.
using Secp256k1Public = FixedBytes<struct Secp256k1PublicTag, 64>;
/// r ‖ s ‖ v, v = 27 or 28.
using RecoverableSignature = FixedBytes<struct RecoverableSignatureTag, 65>;

/// A private key with its public forms. Thread-safe for signing; the context is blinded at creation.
class Secp256k1Key {
public:
    /// `E_KEY` when the scalar is 0 or not below the group order.
    static Result<Secp256k1Key> from(Secp256k1Seed seed);
    static Secp256k1Key generate();

    [[nodiscard]] const Secp256k1Public& public_key() const { return public_key_; }
    [[nodiscard]] EthAddress address() const;
    [[nodiscard]] RecoverableSignature sign_digest(const Digest256& digest) const;
    /// EIP-191 personal_sign over the text.
    [[nodiscard]] RecoverableSignature sign_personal(std::string_view text) const;

private:
    Secp256k1Key(Secp256k1Seed seed, const Secp256k1Public& pub) : seed_(std::move(seed)), public_key_(pub) {}
    Secp256k1Seed seed_;
    Secp256k1Public public_key_;
};

/// keccak256(0x19 "Ethereum Signed Message:\n" length text).
[[nodiscard]] Digest256 eip191_digest(std::string_view text);
[[nodiscard]] EthAddress eth_address(const Secp256k1Public& key);
/// Lowercase, with 0x.
[[nodiscard]] std::string to_lower_address(const EthAddress& address);
/// Mixed-case checksum of EIP-55, with 0x.
[[nodiscard]] std::string to_eip55(const EthAddress& address);
/// 40 hex digits, any case, 0x optional. `E_ADDRESS`.
Result<EthAddress> parse_address(std::string_view text);
/// The signer's key. `E_SIGNATURE` for bad r, s, v, for high s (`E_SIGNATURE_HIGH_S`), or no such point.
Result<Secp256k1Public> recover(const Digest256& digest, const RecoverableSignature& signature);
/// `E_KEY` unless the 64 bytes are a point on the curve.
Status check_point(const Secp256k1Public& key);

}  // namespace lumoz::crypto

// SPDX-License-Identifier: Apache-2.0
#include "identity/public_identity.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"

namespace lumoz::identity {

Digest256 tls_spki_sha256(const ServiceKeys& keys) {
    return crypto::sha256(crypto::p256_spki(keys.tls_p256->public_key()));
}

PublicIdentity describe(const ServiceKeys& keys, ServiceFacts facts) {
    PublicIdentity out;
    out.v1_secp256k1 = keys.v1_secp256k1.public_key();
    out.v1_address = keys.v1_secp256k1.address();
    out.v1_ed25519 = keys.v1_ed25519.public_key();
    if (facts.tls) out.tls_spki = tls_spki_sha256(keys);
    out.born_at = keys.born_at;
    out.not_after = keys.born_at + facts.lifetime;

    // e2ee_public_keys stays empty until a channel works (decision 1): a key nobody answers to is a trap.
    out.keyset.subject = facts.subject;
    out.keyset.not_after = out.not_after;
    out.keyset.receipt_signing_keys = {
        {std::string(kReceiptKeyId), "ed25519", to_hex(keys.aci_receipt_ed25519.public_key().view())}};
    if (out.tls_spki) out.keyset.tls_public_keys = {{*out.tls_spki, facts.tls_domain}};
    out.keyset_json = out.keyset.canonical();
    out.keyset_digest = out.keyset.digest();
    out.facts = std::move(facts);
    return out;
}

}  // namespace lumoz::identity

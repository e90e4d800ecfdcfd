// SPDX-License-Identifier: Apache-2.0
#include "receipt/signer.hpp"

namespace lumoz::receipt {

std::string_view to_text(Algo algo) {
    return algo == Algo::Ecdsa ? "ecdsa" : "ed25519";
}

Signer::Signer(SigningKeys keys, std::string key_id, std::string keyset_digest)
    : keys_(keys),
      key_id_(std::move(key_id)),
      keyset_digest_(std::move(keyset_digest)),
      addresses_{keys.v1_ecdsa.address(), keys.v1_ed25519.public_key()} {}

SignedExchange Signer::sign(const ReceiptFields& fields) const {
    const Head head{fields.receipt_id, fields.chat_id, fields.model,     keyset_digest_,
                    fields.endpoint,   fields.method,  fields.served_at, key_id_};
    const std::string unsigned_json = unsigned_receipt(head, events_of(fields));
    SignedExchange out;
    out.receipt_json = signed_receipt(unsigned_json, keys_.aci_receipt.sign(as_bytes(unsigned_json)).view());
    if (fields.complete()) {
        std::string text = signature_text(fields.request, fields.response);
        const auto ecdsa = keys_.v1_ecdsa.sign_personal(text);
        const auto ed25519 = keys_.v1_ed25519.sign(as_bytes(text));
        out.signatures = TextSignatures{std::move(text), ecdsa, ed25519};
    }
    return out;
}

}  // namespace lumoz::receipt

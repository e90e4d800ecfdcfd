// SPDX-License-Identifier: Apache-2.0
// The ACI receipt of one exchange (specification api.md 8.3), checked against a keyset and the bytes. Needs
// base, crypto and evidence only.
//   E_RECEIPT_PARSE         not JSON of the form                                        malformed
//   E_RECEIPT_VERSION       api_version is not aci/1                                    unsupported
//   E_RECEIPT_KEYSET        workload_keyset_digest is not that of the keyset            refused
//   E_RECEIPT_KEY           key_id is no Ed25519 receipt key of the keyset              refused
//   E_RECEIPT_SIGNATURE     Ed25519 over the canonical form without `signature` fails   refused
//   E_RECEIPT_FIRST_EVENT   the first event is not request.received                     refused
//   E_RECEIPT_EVENT         an event that must be there is missing or twice             refused
//   E_RECEIPT_REQUEST       request.received is not the hash of the request             refused
//   E_RECEIPT_RESPONSE      response.returned is not the hash of the response           refused
//   E_RECEIPT_TIME          served_at is outside the life of the keys                   refused
#pragma once

#include "evidence/keyset.hpp"

namespace lumoz::verify {

struct ReceiptEvent {
    std::string type;
    std::string raw;  ///< the event's JSON
};

/// What a receipt says. Believed only after check_receipt.
struct AciReceipt {
    std::string receipt_id;
    std::optional<std::string> chat_id;
    std::optional<std::string> model;
    std::string keyset_digest;
    std::string endpoint;
    std::string method;
    std::int64_t served_at = 0;
    std::string key_id;
    std::string signature;
    std::vector<ReceiptEvent> events;
    std::string signing_input;                  ///< canonical form without `signature`
    std::optional<std::string> request_hash;    ///< request.received body_hash, `sha256:…`
    std::optional<std::string> response_hash;   ///< response.returned body_hash
    std::optional<std::string> forwarded_hash;  ///< request.forwarded body_hash
    std::optional<std::string> model_root;      ///< lumoz.model
    std::optional<std::string> gpu_sha256;      ///< lumoz.gpu
    std::optional<std::string> config_sha256;   ///< lumoz.config
    bool complete = true;                       ///< lumoz.completeness; absent counts as complete
    std::optional<std::string> cut_by;
    std::optional<std::string> upstream_result;  ///< upstream.verified

    /// `E_RECEIPT_PARSE`, `E_RECEIPT_VERSION`.
    static Result<AciReceipt> parse(std::string_view text);
    static Result<AciReceipt> from(const json::Value& value);
};

/// Bodies are optional: what is absent is not compared.
struct ReceiptBodies {
    std::optional<ByteView> request;
    std::optional<ByteView> response;
};

/// Key, signature, events and hashes, in the order of the codes above.
Status check_receipt(const AciReceipt& receipt, const evidence::Keyset& keyset, const ReceiptBodies& bodies);

}  // namespace lumoz::verify

// SPDX-License-Identifier: Apache-2.0
// The v1 signature of one exchange (specification api.md 4): text of two or three parts, EIP-191 or Ed25519.
//   E_PROOF_PARSE       the signature object or its text is not of the form   malformed
//   E_SIGNATURE         it is not a signature of the text by signing_address  refused
//   E_REQUEST_HASH      the text's request hash is not that of the bytes      refused
//   E_RESPONSE_HASH     the text's response hash is not that of the bytes     refused
//   E_SIGNER_UNKNOWN    the signer is not a key in the evidence               refused
#pragma once

#include "base/json.hpp"
#include "crypto/ed25519.hpp"
#include "crypto/secp256k1.hpp"

namespace lumoz::verify {

struct SignatureObject {
    std::string text;
    std::string signature;        ///< hex; 0x for ecdsa
    std::string signing_address;  ///< 0x and 40 hex digits, or 64 hex digits
    std::string signing_algo;     ///< `ecdsa` or `ed25519`

    /// `E_PROOF_PARSE`.
    static Result<SignatureObject> from(const json::Value& value);
    static Result<SignatureObject> parse(std::string_view text);
};

struct SignedText {
    std::optional<std::string> model;  ///< three-part form
    Digest256 request;
    Digest256 response;
};

/// `request:response` or `model:request:response`, 64 lowercase hex digits each. More parts are an error: a
/// model name with a colon cannot stand in the text. `E_PROOF_PARSE`.
Result<SignedText> parse_signed_text(std::string_view text);

/// Bytes of the address that signed (20 or 32), after the signature held. `E_PROOF_PARSE`, `E_SIGNATURE`.
Result<Bytes> check_signer(const SignatureObject& object);
/// The whole check of one object against the bytes that the client holds, signer included.
Status check_signature(const SignatureObject& object, ByteView request, ByteView response);

}  // namespace lumoz::verify

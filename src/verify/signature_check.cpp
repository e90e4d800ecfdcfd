// SPDX-License-Identifier: Apache-2.0
#include "verify/signature_check.hpp"

#include "crypto/sha2.hpp"
#include "evidence/schema.hpp"

namespace lumoz::verify {

namespace {

const evidence::Schema kSchema(Errc::Malformed, "E_PROOF_PARSE", "proof.signature");

std::unexpected<Error> wrong(std::string_view where, std::string detail = {}) {
    return fail(Errc::Refused, "E_SIGNATURE", where, std::move(detail));
}

Result<Digest256> hash_part(std::string_view part) {
    if (!is_lower_hex(part)) return kSchema.bad("text", "a hash is not lowercase hex");
    auto out = fixed_from_hex<Digest256>(part);
    if (!out) return kSchema.bad("text", "a hash is not 64 hex digits");
    return *out;
}

Result<Bytes> ecdsa_signer(const SignatureObject& object) {
    auto signature = fixed_from_hex<crypto::RecoverableSignature>(without_0x(object.signature));
    if (!signature) return wrong("proof.signature.size", "not 65 bytes of hex");
    // Some signers write the recovery id itself.
    if (std::uint8_t& v = signature->bytes[64]; v <= 1) v = static_cast<std::uint8_t>(v + 27);
    const auto address = crypto::parse_address(object.signing_address);
    if (!address) return kSchema.bad("signing_address", "not an address");
    const auto key = crypto::recover(crypto::eip191_digest(object.text), *signature);
    if (!key) return wrong("proof.signature.recover", std::string(key.error().rule));
    if (crypto::eth_address(*key) != *address) return wrong("proof.signature.signer");
    return to_bytes(address->view());
}

Result<Bytes> ed25519_signer(const SignatureObject& object) {
    const auto signature = fixed_from_hex<crypto::Ed25519Signature>(without_0x(object.signature));
    if (!signature) return wrong("proof.signature.size", "not 64 bytes of hex");
    const auto key = fixed_from_hex<crypto::Ed25519Public>(without_0x(object.signing_address));
    if (!key) return kSchema.bad("signing_address", "not a key");
    if (!crypto::ed25519_verify(*key, as_bytes(object.text), *signature))
        return wrong("proof.signature.ed25519");
    return to_bytes(key->view());
}

}  // namespace

Result<SignatureObject> SignatureObject::from(const json::Value& value) {
    if (!value.is_object()) return kSchema.bad("signature", "not an object");
    SignatureObject out;
    LUMOZ_TRY(out.text, kSchema.text(value, "text"));
    LUMOZ_TRY(out.signature, kSchema.text(value, "signature"));
    LUMOZ_TRY(out.signing_address, kSchema.text(value, "signing_address"));
    LUMOZ_TRY(out.signing_algo, kSchema.text(value, "signing_algo"));
    return out;
}

Result<SignatureObject> SignatureObject::parse(std::string_view text) {
    const auto document = json::Document::parse(text);
    if (!document) return fail(Errc::Malformed, "E_PROOF_PARSE", "proof.json", document.error().detail);
    return from(document->root());
}

Result<SignedText> parse_signed_text(std::string_view text) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; parts.size() <= 3;) {
        const std::size_t end = text.find(':', begin);
        parts.push_back(text.substr(begin, end - begin));
        if (end == std::string_view::npos) break;
        begin = end + 1;
    }
    if (parts.size() < 2 || parts.size() > 3) return kSchema.bad("text", "not two or three parts");
    SignedText out;
    if (parts.size() == 3) out.model = std::string(parts[0]);
    LUMOZ_TRY(out.request, hash_part(parts[parts.size() - 2]));
    LUMOZ_TRY(out.response, hash_part(parts[parts.size() - 1]));
    return out;
}

Result<Bytes> check_signer(const SignatureObject& object) {
    if (object.signing_algo == "ecdsa") return ecdsa_signer(object);
    if (object.signing_algo == "ed25519") return ed25519_signer(object);
    return kSchema.bad("signing_algo", "not ecdsa or ed25519");
}

Status check_signature(const SignatureObject& object, ByteView request, ByteView response) {
    LUMOZ_TRY(const SignedText text, parse_signed_text(object.text));
    LUMOZ_TRY([[maybe_unused]] const Bytes signer, check_signer(object));
    if (text.request != crypto::sha256(request))
        return fail(Errc::Refused, "E_REQUEST_HASH", "proof.signature.request");
    if (text.response != crypto::sha256(response))
        return fail(Errc::Refused, "E_RESPONSE_HASH", "proof.signature.response");
    return {};
}

}  // namespace lumoz::verify

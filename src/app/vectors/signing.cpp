// SPDX-License-Identifier: Apache-2.0
// report_data in both forms, the signed text of an exchange, and the check of returned signatures.
#include "app/vectors/check.hpp"
#include "app/vectors/suites.hpp"
#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "evidence/report_data.hpp"
#include "receipt/text.hpp"
#include "verify/signature_check.hpp"

namespace lumoz::app::vectors {
namespace {

Result<Bytes> address_bytes(std::string_view algo, const std::string& address) {
    if (algo == "ed25519") return from_hex(address);
    LUMOZ_TRY(const EthAddress parsed, crypto::parse_address(address));
    return to_bytes(parsed.view());
}

Status run_report_data(const Case& c) {
    LUMOZ_TRY(const std::string algo, text(c.value, "signing_algo"));
    LUMOZ_TRY(const std::string address_text, text(c.value, "signing_address"));
    LUMOZ_TRY(const Bytes address, address_bytes(algo, address_text));
    LUMOZ_TRY(const Bytes nonce_bytes, hex(c.value, "nonce"));
    LUMOZ_TRY(const Nonce nonce, Nonce::from(nonce_bytes));
    LUMOZ_TRY(const std::string want, text(c.value, "report_data"));
    const auto fingerprint = maybe_text(c.value, "tls_cert_fingerprint");
    if (!fingerprint) {
        return same("report_data", want, to_hex(evidence::plain_report_data(address, nonce).view()));
    }
    LUMOZ_TRY(const Digest256 spki, fixed_from_hex<Digest256>(*fingerprint));
    return same("report_data", want, to_hex(evidence::tls_report_data(address, spki, nonce).view()));
}

Status check_text_signatures(const Case& c, const std::string& signed_text, std::string_view suffix) {
    LUMOZ_TRY(const json::Value ecdsa, member(c.value, "ecdsa"));
    LUMOZ_TRY(Bytes scalar, hex(ecdsa, "private_key"));
    if (scalar.size() != 32) return mismatch("private_key: want 32 bytes");
    LUMOZ_TRY(
        const crypto::Secp256k1Key key,
        crypto::Secp256k1Key::from(crypto::Secp256k1Seed(std::span<std::uint8_t, 32>(scalar.data(), 32))));
    LUMOZ_TRY(const std::string address, text(ecdsa, "signing_address"));
    LUMOZ_CHECK_OK(same("signing_address", address, crypto::to_eip55(key.address())));
    LUMOZ_TRY(const std::string digest, text(ecdsa, "digest_text" + std::string(suffix)));
    LUMOZ_CHECK_OK(same("digest_text", digest, to_hex(crypto::eip191_digest(signed_text).view())));
    LUMOZ_TRY(const std::string want, text(ecdsa, "signature_text" + std::string(suffix)));
    LUMOZ_CHECK_OK(same("ecdsa signature", want, "0x" + to_hex(key.sign_personal(signed_text).view())));

    LUMOZ_TRY(const json::Value ed25519, member(c.value, "ed25519"));
    LUMOZ_TRY(Bytes seed, hex(ed25519, "seed"));
    if (seed.size() != 32) return mismatch("seed: want 32 bytes");
    const auto ed =
        crypto::Ed25519Key::from(crypto::Ed25519Seed(std::span<std::uint8_t, 32>(seed.data(), 32)));
    LUMOZ_TRY(const std::string ed_address, text(ed25519, "signing_address"));
    LUMOZ_CHECK_OK(same("ed25519 signing_address", ed_address, to_hex(ed.public_key().view())));
    LUMOZ_TRY(const std::string ed_want, text(ed25519, "signature_text" + std::string(suffix)));
    return same("ed25519 signature", ed_want, to_hex(ed.sign(as_bytes(signed_text)).view()));
}

Status run_signature_text(const Case& c) {
    LUMOZ_TRY(const Bytes request, base64(c.value, "request_body_b64"));
    LUMOZ_TRY(const Bytes response, base64(c.value, "response_body_b64"));
    const receipt::RequestHash request_sha(crypto::sha256(request).bytes);
    const receipt::ResponseHash response_sha(crypto::sha256(response).bytes);
    LUMOZ_TRY(const std::string want_request, text(c.value, "request_sha256"));
    LUMOZ_CHECK_OK(same("request_sha256", want_request, to_hex(request_sha.view())));
    LUMOZ_TRY(const std::string want_response, text(c.value, "response_sha256"));
    LUMOZ_CHECK_OK(same("response_sha256", want_response, to_hex(response_sha.view())));
    LUMOZ_TRY(const std::string want_text, text(c.value, "text"));
    const std::string have = receipt::signature_text(request_sha, response_sha);
    LUMOZ_CHECK_OK(same("text", want_text, have));
    LUMOZ_CHECK_OK(check_text_signatures(c, have, ""));
    LUMOZ_TRY(const std::string model, text(c.value, "model"));
    LUMOZ_TRY(const std::string with_model, text(c.value, "text_with_model"));
    const Result<std::string> three_parts =
        receipt::signature_text_with_model(model, request_sha, response_sha);
    if (!three_parts) return unexpected_error(three_parts.error());
    LUMOZ_CHECK_OK(same("text_with_model", with_model, *three_parts));
    return check_text_signatures(c, *three_parts, "_with_model");
}

Result<bool> expected_valid(const Case& c) {
    LUMOZ_TRY(const json::Value expect, member(c.value, "expect"));
    LUMOZ_TRY(const json::Value valid, member(expect, "valid"));
    return valid.as_bool().value_or(false);
}

Status run_signature_verify(const Case& c) {
    LUMOZ_TRY(const bool want, expected_valid(c));
    LUMOZ_TRY(const Bytes request, base64(c.value, "request_body_b64"));
    LUMOZ_TRY(const Bytes response, base64(c.value, "response_body_b64"));
    const auto check = [&]() -> Status {
        LUMOZ_TRY(const verify::SignatureObject object, verify::SignatureObject::from(c.value));
        return verify::check_signature(object, request, response);
    };
    const Status status = check();
    if (want && !status) return unexpected_error(status.error());
    return same("valid", want, status.has_value());
}

}  // namespace

void add_signing(Handlers& handlers) {
    handlers["report_data"] = run_report_data;
    handlers["signature_text"] = run_signature_text;
    handlers["signature_verify"] = run_signature_verify;
}

}  // namespace lumoz::app::vectors

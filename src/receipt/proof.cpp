// SPDX-License-Identifier: Apache-2.0
#include "receipt/proof.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"

namespace lumoz::receipt {
namespace {

/// The four members of api.md 4.3, object left open. Only hex, `0x`, `:` and names of ours: nothing to
/// escape.
std::string open_signature(Algo algo, const TextSignatures& signatures, const SignerAddresses& addresses) {
    std::string out;
    out.reserve(512);
    out += "{\"text\":\"";
    out += signatures.text;
    out += "\",\"signature\":\"";
    out += signature_hex(algo, signatures);
    out += "\",\"signing_address\":\"";
    out += signing_address(algo, addresses);
    out += "\",\"signing_algo\":\"";
    out += to_text(algo);
    out += '"';
    return out;
}

}  // namespace

std::string signature_hex(Algo algo, const TextSignatures& signatures) {
    if (algo == Algo::Ed25519) return to_hex(signatures.ed25519.view());
    std::string out = "0x";
    append_hex(out, signatures.ecdsa.view());
    return out;
}

std::string signing_address(Algo algo, const SignerAddresses& addresses) {
    return algo == Algo::Ed25519 ? to_hex(addresses.ed25519.view()) : crypto::to_eip55(addresses.ecdsa);
}

std::string signature_json(Algo algo, const TextSignatures& signatures, const SignerAddresses& addresses) {
    return open_signature(algo, signatures, addresses) + "}";
}

std::string inline_proof_json(Algo algo, const TextSignatures& signatures, const SignerAddresses& addresses,
                              std::string_view receipt_id) {
    std::string out = open_signature(algo, signatures, addresses);
    out += ",\"receipt_id\":";
    json::append_quoted(out, receipt_id);
    out += '}';
    return out;
}

std::string proof_json(const std::optional<TextSignatures>& signatures, const SignerAddresses& addresses,
                       std::string_view receipt_json, std::string_view keyset_digest) {
    std::string out = "{\"signatures\":[";
    if (signatures) {
        out += signature_json(Algo::Ecdsa, *signatures, addresses);
        out += ',';
        out += signature_json(Algo::Ed25519, *signatures, addresses);
    }
    out += "],\"receipt\":";
    out += receipt_json;
    out += ",\"keyset_digest\":";
    json::append_quoted(out, keyset_digest);
    out += '}';
    return out;
}

}  // namespace lumoz::receipt

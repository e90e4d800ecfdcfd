// SPDX-License-Identifier: Apache-2.0
// One exchange with a service, for tests of answers and bundles.
#pragma once

#include "verify/test_service.hpp"

#include <functional>

namespace lumoz::verify::testing {

/// A request and its answer, with signatures and a receipt of them.
struct Exchange {
    std::string request = R"({"model":"tiny"})";
    std::string response = R"({"id":"x"})";
    [[nodiscard]] std::string text() const {
        return to_hex(crypto::sha256(as_bytes(request)).view()) + ":" +
               to_hex(crypto::sha256(as_bytes(response)).view());
    }
    [[nodiscard]] std::string ecdsa(const crypto::Secp256k1Key& key) const {
        return R"({"text":")" + text() + R"(","signature":"0x)" + to_hex(key.sign_personal(text()).view()) +
               R"(","signing_address":")" + crypto::to_eip55(key.address()) + R"(","signing_algo":"ecdsa"})";
    }
    [[nodiscard]] std::string ed25519(const crypto::Ed25519Key& key) const {
        return R"({"text":")" + text() + R"(","signature":")" + to_hex(key.sign(as_bytes(text())).view()) +
               R"(","signing_address":")" + to_hex(key.public_key().view()) +
               R"(","signing_algo":"ed25519"})";
    }
    /// A receipt before it is signed; `more` stands among its events.
    [[nodiscard]] std::string unsigned_receipt(const Service& s, std::string_view more = {}) const {
        const auto hash = [](std::string_view body) {
            return evidence::sha256_text(crypto::sha256(as_bytes(body)));
        };
        return R"({"api_version":"aci/1","receipt_id":"rcpt-1","chat_id":"x","model":"tiny","workload_keyset_digest":")" +
               s.keyset.digest() + R"(","endpoint":"/v1/chat/completions","method":"POST","served_at":)" +
               std::to_string(kNow) + R"(,"event_log":[{"type":"request.received","body_hash":")" +
               hash(request) + R"("},{"type":"lumoz.model","model_root":")" +
               s.statement.models[0].model_root + R"("},{"type":"lumoz.config","config_sha256":")" +
               to_hex(s.statement.config_sha256.view()) +
               R"("},{"type":"lumoz.completeness","complete":true},)" + std::string(more) +
               R"({"type":"response.returned","body_hash":")" + hash(response) +
               R"("}],"key_id":"receipt-1"})";
    }
    /// The text with its signature. Requires: a JSON object of at least one member.
    static std::string sign(const Service& s, std::string text) {
        const std::string signature = to_hex(s.receipt.sign(as_bytes(*json::canonical(text))).view());
        text.insert(text.size() - 1, R"(,"signature":")" + signature + '"');
        return text;
    }
    /// A receipt, signed after `bend` had its way with the unsigned text.
    [[nodiscard]] std::string receipt(const Service& s,
                                      const std::function<void(std::string&)>& bend = {}) const {
        std::string text = unsigned_receipt(s);
        if (bend) bend(text);
        return sign(s, std::move(text));
    }
    [[nodiscard]] std::string proof(const Service& s) const { return proof(s, receipt(s)); }
    [[nodiscard]] std::string proof(const Service& s, const std::string& receipt_text) const {
        return R"({"signatures":[)" + ecdsa(s.ecdsa) + "," + ed25519(s.ed25519) + R"(],"receipt":)" +
               receipt_text + R"(,"keyset_digest":")" + s.keyset.digest() + R"("})";
    }
};

}  // namespace lumoz::verify::testing

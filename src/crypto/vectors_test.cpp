// SPDX-License-Identifier: Apache-2.0
// The shared vectors of keys and of signed text: other implementations made them.
#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/testing.hpp"
#include "crypto/ed25519.hpp"
#include "crypto/secp256k1.hpp"
#include "crypto/sha2.hpp"
#include "crypto/x25519.hpp"

#include <gtest/gtest.h>

namespace lumoz::crypto {
namespace {

using json::Value;

class SharedVectors : public ::testing::Test {
protected:
    /// The cases of a suite; none when the vectors are absent.
    std::vector<Value> load(std::string_view file) {
        const auto dir = lumoz::testing::vectors_dir();
        if (!dir) return {};
        text_ = lumoz::testing::read_file(*dir / file);
        auto parsed = json::Document::parse(text_);
        EXPECT_TRUE(parsed.has_value()) << file;
        if (!parsed) return {};
        document_ = *std::move(parsed);
        const auto cases = document_.root().find("cases")->elements();
        EXPECT_FALSE(cases.empty()) << file;
        return cases;
    }

private:
    std::string text_;
    json::Document document_;
};

std::string text(const Value& value, std::string_view name) {
    return value.find(name)->as_string().value();
}
Bytes base64(const Value& value, std::string_view name) {
    return from_base64(text(value, name)).value();
}
std::string without_0x(std::string hex) {
    return hex.starts_with("0x") ? hex.substr(2) : hex;
}
template <class SecretType>
SecretType secret(const Value& value, std::string_view name) {
    Bytes raw = from_hex(text(value, name)).value();
    return SecretType(std::span<std::uint8_t, 32>(raw));
}

TEST_F(SharedVectors, Keys) {
    const auto cases = load("api/keys.json");
    if (cases.empty()) GTEST_SKIP() << "no shared vectors";
    for (const Value& entry : cases) {
        const Value ecdsa = *entry.find("ecdsa"), ed25519 = *entry.find("ed25519");
        const auto key = Secp256k1Key::from(secret<Secp256k1Seed>(ecdsa, "private_key")).value();
        EXPECT_EQ(to_hex(key.public_key().view()), text(ecdsa, "public_key_64"));
        EXPECT_EQ(to_lower_address(key.address()), text(ecdsa, "address"));
        EXPECT_EQ(to_eip55(key.address()), text(ecdsa, "address_eip55"));
        const auto signing = Ed25519Key::from(secret<Ed25519Seed>(ed25519, "seed"));
        EXPECT_EQ(to_hex(signing.public_key().view()), text(ed25519, "public_key"));
        const X25519Secret converted = ed25519_seed_to_x25519(secret<Ed25519Seed>(ed25519, "seed"));
        EXPECT_EQ(to_hex(converted.expose()), text(ed25519, "x25519_private"));
        EXPECT_EQ(to_hex(ed25519_to_x25519(signing.public_key())->view()), text(ed25519, "x25519_public"));
        const Value ohttp = *entry.find("ohttp");
        const auto hpke = X25519Key::from(secret<X25519Secret>(ohttp, "hpke_private"));
        EXPECT_EQ(to_hex(hpke.public_key().view()), text(ohttp, "hpke_public"));
        const Bytes config = from_hex(text(ohttp, "key_config")).value();
        EXPECT_EQ(to_hex(signing.sign(config).view()),
                  without_0x(text(ohttp, "key_config_signature_ed25519")));
    }
}

TEST_F(SharedVectors, SignatureText) {
    const auto cases = load("api/signature_text.json");
    if (cases.empty()) GTEST_SKIP() << "no shared vectors";
    for (const Value& entry : cases) {
        SCOPED_TRACE(text(entry, "id"));
        EXPECT_EQ(to_hex(sha256(base64(entry, "request_body_b64")).view()), text(entry, "request_sha256"));
        EXPECT_EQ(to_hex(sha256(base64(entry, "response_body_b64")).view()), text(entry, "response_sha256"));
        const Value ecdsa = *entry.find("ecdsa"), ed25519 = *entry.find("ed25519");
        const auto key = Secp256k1Key::from(secret<Secp256k1Seed>(ecdsa, "private_key")).value();
        const auto signing = Ed25519Key::from(secret<Ed25519Seed>(ed25519, "seed"));
        EXPECT_EQ(to_eip55(key.address()), text(ecdsa, "signing_address"));
        for (const std::string form : {"text", "text_with_model"}) {
            const std::string signed_text = text(entry, form);
            EXPECT_EQ(to_hex(eip191_digest(signed_text).view()), text(ecdsa, "digest_" + form));
            EXPECT_EQ("0x" + to_hex(key.sign_personal(signed_text).view()), text(ecdsa, "signature_" + form));
            EXPECT_EQ(to_hex(signing.sign(as_bytes(signed_text)).view()), text(ed25519, "signature_" + form));
        }
    }
}

bool ecdsa_holds(const Value& entry) {
    auto signature = fixed_from_hex<RecoverableSignature>(without_0x(text(entry, "signature")));
    const auto address = parse_address(text(entry, "signing_address"));
    if (!signature || !address) return false;
    if (signature->bytes[64] < 2) signature->bytes[64] = static_cast<std::uint8_t>(signature->bytes[64] + 27);
    const auto signer = recover(eip191_digest(text(entry, "text")), *signature);
    return signer && eth_address(*signer) == *address;
}

bool ed25519_holds(const Value& entry) {
    const auto signature = fixed_from_hex<Ed25519Signature>(without_0x(text(entry, "signature")));
    const auto key = fixed_from_hex<Ed25519Public>(without_0x(text(entry, "signing_address")));
    return signature && key && ed25519_verify(*key, as_bytes(text(entry, "text")), *signature);
}

/// The text is `[model:]request:response` of the bodies at hand.
bool text_holds(const Value& entry) {
    const std::string pair = to_hex(sha256(base64(entry, "request_body_b64")).view()) + ":" +
                             to_hex(sha256(base64(entry, "response_body_b64")).view());
    const std::string signed_text = text(entry, "text");
    if (signed_text == pair) return true;
    const std::size_t colon = signed_text.find(':');
    return colon != 0 && colon != std::string::npos && signed_text.substr(colon + 1) == pair;
}

TEST_F(SharedVectors, SignatureVerify) {
    const auto cases = load("api/signature_verify.json");
    if (cases.empty()) GTEST_SKIP() << "no shared vectors";
    for (const Value& entry : cases) {
        const std::string algo = text(entry, "signing_algo");
        const bool signature =
            algo == "ecdsa" ? ecdsa_holds(entry) : algo == "ed25519" && ed25519_holds(entry);
        EXPECT_EQ(signature && text_holds(entry), *entry.find("expect")->find("valid")->as_bool())
            << text(entry, "id");
    }
}

}  // namespace
}  // namespace lumoz::crypto

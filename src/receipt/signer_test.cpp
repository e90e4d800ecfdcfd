// SPDX-License-Identifier: Apache-2.0
#include "receipt/signer.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/testing.hpp"
#include "crypto/sha2.hpp"
#include "receipt/proof.hpp"

#include <gtest/gtest.h>

namespace lumoz::receipt {
namespace {

crypto::Secp256k1Key ecdsa_key(std::string_view hex) {
    Bytes raw = *from_hex(hex);
    return *crypto::Secp256k1Key::from(crypto::Secp256k1Seed(std::span<std::uint8_t, 32>(raw)));
}
crypto::Ed25519Key ed25519_key(std::string_view hex) {
    Bytes raw = *from_hex(hex);
    return crypto::Ed25519Key::from(crypto::Ed25519Seed(std::span<std::uint8_t, 32>(raw)));
}

class SignerFixture : public ::testing::Test {
protected:
    crypto::Secp256k1Key ecdsa_ = crypto::Secp256k1Key::generate();
    crypto::Ed25519Key ed25519_ = crypto::Ed25519Key::generate();
    crypto::Ed25519Key aci_ = crypto::Ed25519Key::generate();
    Signer signer_{{ecdsa_, ed25519_, aci_}, "receipt-1", "sha256:" + std::string(64, '1')};

    static ReceiptFields fields() {
        ReceiptFields out;
        out.receipt_id = new_receipt_id();
        out.endpoint = "/v1/completions";
        out.served_at = 1750000000;
        out.forwarded = ForwardedHash{};
        return out;
    }
};

using Signing = SignerFixture;

TEST_F(Signing, MakesTextBothSignaturesAndReceiptInOneCall) {
    const SignedExchange out = signer_.sign(fields());
    ASSERT_TRUE(out.signatures);
    const TextSignatures& s = *out.signatures;
    EXPECT_EQ(s.text.size(), kTextSize);
    const auto recovered = crypto::recover(crypto::eip191_digest(s.text), s.ecdsa);
    ASSERT_TRUE(recovered);
    EXPECT_EQ(*recovered, ecdsa_.public_key());
    EXPECT_TRUE(crypto::ed25519_verify(ed25519_.public_key(), as_bytes(s.text), s.ed25519));
    EXPECT_EQ(*json::canonical(out.receipt_json), out.receipt_json);
}

TEST_F(Signing, TheReceiptIsSignedWithoutItsSignatureMember) {
    const SignedExchange out = signer_.sign(fields());
    const auto document = json::Document::parse(out.receipt_json);
    const std::string hex = *document->root().find("signature")->as_string();
    std::string bare = out.receipt_json;
    const std::string member = ",\"signature\":\"" + hex + "\"";
    bare.erase(bare.find(member), member.size());
    const auto signature = *fixed_from_hex<crypto::Ed25519Signature>(hex);
    EXPECT_TRUE(crypto::ed25519_verify(aci_.public_key(), as_bytes(bare), signature));
    EXPECT_FALSE(crypto::ed25519_verify(ed25519_.public_key(), as_bytes(bare), signature));
    EXPECT_EQ(document->root().find("workload_keyset_digest")->as_string(), signer_.keyset_digest());
}

TEST_F(Signing, ACutAnswerHasAReceiptAndNoTextSignature) {
    ReceiptFields cut = fields();
    cut.completeness = Completeness{.cut_by = CutBy::Client, .bytes = 100};
    const SignedExchange out = signer_.sign(cut);
    EXPECT_FALSE(out.signatures);
    EXPECT_NE(out.receipt_json.find("\"cut_by\":\"client\""), std::string::npos);
}

TEST_F(Signing, AddressesAreThoseOfTheV1Keys) {
    EXPECT_EQ(signer_.addresses(), (SignerAddresses{ecdsa_.address(), ed25519_.public_key()}));
}

TEST(SignerVectors, SignaturesAreBitForBitThoseOfTheSharedVectors) {
    const auto dir = testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors here; set LUMOZ_VECTORS";
    const std::string file = testing::read_file(*dir / "api/signature_text.json");
    const auto document = json::Document::parse(file, {.max_bytes = std::size_t{8} << 20, .max_depth = 16});
    ASSERT_TRUE(document);
    for (const json::Value& item : document->root().find("cases")->elements()) {
        SCOPED_TRACE(*item.find("id")->as_string());
        const json::Value ecdsa = *item.find("ecdsa");
        const json::Value ed25519 = *item.find("ed25519");
        const auto a = ecdsa_key(*ecdsa.find("private_key")->as_string());
        const auto b = ed25519_key(*ed25519.find("seed")->as_string());
        const auto aci = crypto::Ed25519Key::generate();
        const Signer signer({a, b, aci}, "k", "sha256:" + std::string(64, '0'));
        ReceiptFields fields;
        fields.request = *fixed_from_hex<RequestHash>(*item.find("request_sha256")->as_string());
        fields.response = *fixed_from_hex<ResponseHash>(*item.find("response_sha256")->as_string());
        const SignedExchange out = signer.sign(fields);
        ASSERT_TRUE(out.signatures);
        EXPECT_EQ(out.signatures->text, *item.find("text")->as_string());
        EXPECT_EQ(signature_hex(Algo::Ecdsa, *out.signatures), *ecdsa.find("signature_text")->as_string());
        EXPECT_EQ(signing_address(Algo::Ecdsa, signer.addresses()),
                  *ecdsa.find("signing_address")->as_string());
        EXPECT_EQ(signature_hex(Algo::Ed25519, *out.signatures),
                  *ed25519.find("signature_text")->as_string());
        EXPECT_EQ(signing_address(Algo::Ed25519, signer.addresses()),
                  *ed25519.find("signing_address")->as_string());
    }
}

/// The signing side of signature_verify: what this service hands out has the form of the accepted cases.
TEST(SignerVectors, HandsOutTheFormThatVerifiersAccept) {
    const auto dir = testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors here; set LUMOZ_VECTORS";
    const std::string file = testing::read_file(*dir / "api/signature_verify.json");
    const auto document = json::Document::parse(file, {.max_bytes = std::size_t{8} << 20, .max_depth = 16});
    ASSERT_TRUE(document);
    std::size_t seen = 0;
    for (const json::Value& item : document->root().find("cases")->elements()) {
        const std::string id = *item.find("id")->as_string();
        if (id != "ecdsa-ok" && id != "ed25519-ok") continue;
        SCOPED_TRACE(id);
        const Algo algo = id == "ecdsa-ok" ? Algo::Ecdsa : Algo::Ed25519;
        const Bytes request = *from_base64(*item.find("request_body_b64")->as_string());
        const Bytes response = *from_base64(*item.find("response_body_b64")->as_string());
        EXPECT_EQ(signature_text(RequestHash(crypto::sha256(request).bytes),
                                 ResponseHash(crypto::sha256(response).bytes)),
                  *item.find("text")->as_string());
        // Their bytes put through our writer give their document back.
        TextSignatures signatures{*item.find("text")->as_string(), {}, {}};
        SignerAddresses addresses{};
        const std::string hex = *item.find("signature")->as_string();
        const std::string address = *item.find("signing_address")->as_string();
        if (algo == Algo::Ecdsa) {
            signatures.ecdsa = *fixed_from_hex<crypto::RecoverableSignature>(hex.substr(2));
            addresses.ecdsa = *crypto::parse_address(address);
        } else {
            signatures.ed25519 = *fixed_from_hex<crypto::Ed25519Signature>(hex);
            addresses.ed25519 = *fixed_from_hex<crypto::Ed25519Public>(address);
        }
        const std::string ours = signature_json(algo, signatures, addresses);
        const auto parsed = json::Document::parse(ours);
        for (const char* name : {"text", "signature", "signing_address", "signing_algo"})
            EXPECT_EQ(parsed->root().find(name)->as_string(), item.find(name)->as_string()) << name;
        ++seen;
    }
    EXPECT_EQ(seen, 2U);
}

}  // namespace
}  // namespace lumoz::receipt

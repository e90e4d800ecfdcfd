// SPDX-License-Identifier: Apache-2.0
#include "receipt/proof.hpp"

#include "base/json.hpp"

#include <gtest/gtest.h>

namespace lumoz::receipt {
namespace {

TextSignatures sample() {
    return {signature_text({}, {}), {}, {}};
}

TEST(Proof, SignatureDocumentHasExactlyTheFourMembers) {
    const std::string ecdsa = signature_json(Algo::Ecdsa, sample(), {});
    EXPECT_EQ(ecdsa, "{\"text\":\"" + sample().text + "\",\"signature\":\"0x" + std::string(130, '0') +
                         "\",\"signing_address\":\"0x" + std::string(40, '0') +
                         "\",\"signing_algo\":\"ecdsa\"}");
    const std::string ed25519 = signature_json(Algo::Ed25519, sample(), {});
    EXPECT_EQ(ed25519, "{\"text\":\"" + sample().text + "\",\"signature\":\"" + std::string(128, '0') +
                           "\",\"signing_address\":\"" + std::string(64, '0') +
                           "\",\"signing_algo\":\"ed25519\"}");
}

TEST(Proof, InlineDocumentAddsTheReceiptId) {
    const std::string text = inline_proof_json(Algo::Ed25519, sample(), {}, "rcpt-1");
    const auto document = json::Document::parse(text);
    ASSERT_TRUE(document);
    EXPECT_EQ(document->root().size(), 5U);
    EXPECT_EQ(document->root().find("receipt_id")->as_string(), "rcpt-1");
    EXPECT_EQ(text.find('\n'), std::string::npos);  // one SSE data line
}

TEST(Proof, FileHoldsBothSignaturesAndTheReceiptAsItIs) {
    const std::string text = proof_json(sample(), {}, R"({"b":1,"a":2})", "sha256:00");
    const auto document = json::Document::parse(text);
    ASSERT_TRUE(document);
    const auto signatures = document->root().find("signatures")->elements();
    ASSERT_EQ(signatures.size(), 2U);
    EXPECT_EQ(signatures[0].find("signing_algo")->as_string(), "ecdsa");
    EXPECT_EQ(signatures[1].find("signing_algo")->as_string(), "ed25519");
    EXPECT_EQ(document->root().find("receipt")->raw(), R"({"b":1,"a":2})");
    EXPECT_EQ(document->root().find("keyset_digest")->as_string(), "sha256:00");
}

TEST(Proof, FileOfACutAnswerHasNoSignature) {
    const std::string text = proof_json(std::nullopt, {}, "{}", "sha256:00");
    EXPECT_EQ(text, R"({"signatures":[],"receipt":{},"keyset_digest":"sha256:00"})");
}

}  // namespace
}  // namespace lumoz::receipt

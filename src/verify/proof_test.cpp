// SPDX-License-Identifier: Apache-2.0
// Signatures and receipts by the shared vectors; policy files; verdicts.
#include "base/hex.hpp"
#include "base/testing.hpp"
#include "crypto/sha2.hpp"
#include "verify/policy.hpp"
#include "verify/receipt_check.hpp"
#include "verify/signature_check.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lumoz::verify {
namespace {

std::string member(const json::Value& object, std::string_view name) {
    const auto value = object.find(name);
    return value ? value->as_string().value_or("") : "";
}

Bytes body(const json::Value& c, std::string_view name) {
    return *from_base64(member(c, name));
}

bool valid(const json::Value& c) {
    return c.find("expect")->find("valid")->as_bool().value_or(false);
}

/// The cases of a shared vector file, kept alive with their text.
struct Cases {
    std::string text;
    Result<json::Document> document;
    explicit Cases(const std::filesystem::path& path)
        : text(lumoz::testing::read_file(path)),
          document(json::Document::parse(text, {.max_bytes = std::size_t{16} << 20, .max_depth = 32})) {}
    [[nodiscard]] std::vector<json::Value> all() const { return document->root().find("cases")->elements(); }
};

#define CASES(name, path)                                  \
    const auto name##_dir = lumoz::testing::vectors_dir(); \
    if (!name##_dir) GTEST_SKIP() << "no shared vectors";  \
    const Cases name(*name##_dir / (path));                \
    ASSERT_TRUE(name.document.has_value())

TEST(SignatureCheck, SharedVectors) {
    CASES(cases, "api/signature_verify.json");
    const std::map<std::string, std::string> codes = {{"ecdsa-wrong-v", "E_SIGNATURE"},
                                                      {"ecdsa-v-29", "E_SIGNATURE"},
                                                      {"ecdsa-r-zero", "E_SIGNATURE"},
                                                      {"ecdsa-s-zero", "E_SIGNATURE"},
                                                      {"ecdsa-text-swapped", "E_SIGNATURE"},
                                                      {"ecdsa-response-changed", "E_RESPONSE_HASH"},
                                                      {"ecdsa-uppercase-hash-text", "E_PROOF_PARSE"},
                                                      {"ecdsa-signed-without-prefix", "E_SIGNATURE"},
                                                      {"ed25519-s-not-reduced", "E_SIGNATURE"},
                                                      {"ed25519-other-key", "E_SIGNATURE"},
                                                      {"algo-mismatch", "E_SIGNATURE"},
                                                      {"unknown-algo", "E_PROOF_PARSE"},
                                                      {"four-part-text", "E_PROOF_PARSE"}};
    for (const json::Value& c : cases.all()) {
        const std::string id = member(c, "id");
        const auto object = SignatureObject::from(c);
        ASSERT_TRUE(object.has_value()) << id;
        const Status got =
            check_signature(*object, body(c, "request_body_b64"), body(c, "response_body_b64"));
        EXPECT_EQ(got.has_value(), valid(c)) << id;
        if (got || !codes.contains(id)) continue;
        EXPECT_EQ(got.error().rule, codes.at(id)) << id << " " << got.error().where;
    }
}

TEST(SignatureCheck, TextHasTwoOrThreeParts) {
    const std::string hash(64, 'a');
    EXPECT_FALSE(parse_signed_text(hash + ":" + hash)->model.has_value());
    EXPECT_EQ(parse_signed_text("m:" + hash + ":" + hash)->model, "m");
    for (const std::string& text :
         {std::string(), hash, hash + ":", hash + ":" + hash + ":", "a:b:" + hash + ":" + hash,
          "m:" + hash + ":" + hash + ":x", hash + ":" + hash.substr(1), "x" + hash + ":" + hash})
        EXPECT_EQ(parse_signed_text(text).error().rule, "E_PROOF_PARSE") << text;
}

TEST(SignatureCheck, TheBytesAreTheSignedOnes) {
    std::array<std::uint8_t, 32> seed{1, 2};
    const auto key = *crypto::Secp256k1Key::from(crypto::Secp256k1Seed(seed));
    SignatureObject object;
    object.text =
        to_hex(crypto::sha256(as_bytes("q")).view()) + ":" + to_hex(crypto::sha256(as_bytes("a")).view());
    object.signing_algo = "ecdsa";
    object.signing_address = crypto::to_eip55(key.address());
    const crypto::RecoverableSignature good = key.sign_personal(object.text);
    const auto error = [&](std::string_view request, std::string_view response, int recovery) {
        crypto::RecoverableSignature signature = good;
        signature.bytes[64] = static_cast<std::uint8_t>(recovery);
        object.signature = "0x" + to_hex(signature.view());
        const Status got = check_signature(object, as_bytes(request), as_bytes(response));
        return got ? "accepted" : std::string(got.error().rule);
    };
    const int v = good.bytes[64];
    EXPECT_EQ(error("q", "a", v), "accepted");
    EXPECT_EQ(error("q", "a", v - 27), "accepted") << "the recovery id itself";
    EXPECT_EQ(error("q", "a", 27 + 28 - v), "E_SIGNATURE");
    EXPECT_EQ(error("q", "a", 28 - v), "E_SIGNATURE");
    EXPECT_EQ(error("q", "a", 2), "E_SIGNATURE");
    EXPECT_EQ(error("x", "a", v), "E_REQUEST_HASH");
    EXPECT_EQ(error("q", "x", v), "E_RESPONSE_HASH");
    const std::string text = R"({"text":"t","signature":"s","signing_address":"a","signing_algo":"x"})";
    EXPECT_EQ(SignatureObject::parse(text)->signing_algo, "x");
    EXPECT_EQ(SignatureObject::parse("{").error().where, "proof.json");
    EXPECT_EQ(SignatureObject::parse("7").error().where, "proof.signature");
}

TEST(ReceiptCheck, SharedVectors) {
    CASES(cases, "api/aci/receipt.json");
    const std::map<std::string, std::string> codes = {
        {"bad-sig-bit", "E_RECEIPT_SIGNATURE"}, {"bad-field-after-signing", "E_RECEIPT_SIGNATURE"},
        {"bad-request", "E_RECEIPT_REQUEST"},   {"bad-key-id", "E_RECEIPT_KEY"},
        {"bad-digest", "E_RECEIPT_KEYSET"},     {"bad-first-event", "E_RECEIPT_FIRST_EVENT"},
        {"bad-signer", "E_RECEIPT_SIGNATURE"},  {"bad-unknown-algo", "E_RECEIPT_KEY"}};
    for (const json::Value& c : cases.all()) {
        const std::string id = member(c, "id");
        const auto receipt = AciReceipt::from(*c.find("receipt"));
        const auto keyset = evidence::Keyset::from(*c.find("keyset"));
        ASSERT_TRUE(receipt && keyset) << id;
        EXPECT_EQ(to_hex(crypto::sha256(as_bytes(receipt->signing_input)).view()),
                  member(c, "signing_input_sha256"));
        const Bytes request = body(c, "request_body_b64"), response = body(c, "response_body_b64");
        const Status got = check_receipt(*receipt, *keyset, {request, response});
        EXPECT_EQ(got.has_value(), valid(c)) << id << (got ? "" : got.error().where);
        EXPECT_EQ(got ? "" : got.error().rule, got ? "" : codes.at(id)) << id;
        EXPECT_TRUE(!got || check_receipt(*receipt, *keyset, {}).has_value());
    }
}

TEST(ReceiptCheck, ACutAnswerCannotBeMadeWholeByASecondEvent) {
    const std::string text =
        R"({"api_version":"aci/1","receipt_id":"r","workload_keyset_digest":"d","endpoint":"/","method":"POST",)"
        R"("served_at":1,"key_id":"k","signature":"","event_log":[)"
        R"({"type":"lumoz.completeness","complete":false},{"type":"lumoz.completeness","complete":true}]})";
    EXPECT_FALSE(AciReceipt::parse(text)->complete);
    EXPECT_EQ(AciReceipt::parse("{}").error().rule, "E_RECEIPT_PARSE");
    EXPECT_EQ(AciReceipt::parse("{").error().rule, "E_RECEIPT_PARSE");
}

TEST(PolicyFile, UnknownKeysNameTheNearest) {
    const auto error = Policy::parse(R"({"allow_debgu":true})").error();
    EXPECT_EQ(error.rule, "E_POLICY");
    EXPECT_NE(error.detail.find("nearest is allow_debug"), std::string::npos) << error.detail;
}

TEST(PolicyFile, RefusesBadValues) {
    for (const std::string_view text :
         {R"({"allow_debug":"yes"})", R"({"accept_status":["Fine"]})", R"({"accept_status":"UpToDate"})",
          R"({"mr_td":["00"]})", R"({"mr_td":"00"})", R"({"min_tcb_eval":-1})", R"({"min_tcb_date":"2026"})",
          R"({"report_data":"00"})", R"({"model_root":["x"]})", R"({"isv_prod_id":[65536]})", "[]", "{", ""})
        EXPECT_EQ(Policy::parse(text).error().rule, "E_POLICY") << text;
}

TEST(PolicyFile, WhatTheHostChoosesNamesNoProgram) {
    const std::string value = R"(":[")" + std::string(96, '0') + R"("]})";
    for (const char* name : {"mr_seam", "mr_config_id", "mr_owner", "mr_owner_config", "rtmr0", "rtmr3"})
        EXPECT_FALSE(Policy::parse(R"({")" + std::string(name) + value)->names_measurement()) << name;
    for (const char* name : {"rtmr0", "rtmr1", "rtmr2", "rtmr3"})
        EXPECT_TRUE(Policy::parse(R"({")" + std::string(name) + value)->names_registers_only()) << name;
    for (const char* name : {"mr_td"})
        EXPECT_TRUE(Policy::parse(R"({")" + std::string(name) + value)->names_measurement()) << name;
}

TEST(PolicyFile, DefaultsDeny) {
    const auto policy = Policy::parse("{}");
    ASSERT_TRUE(policy.has_value());
    EXPECT_FALSE(policy->allow_unknown_measurement || policy->allow_debug || policy->allow_migratable ||
                 policy->allow_no_sept_ve_disable || policy->allow_unchecked_gpu ||
                 policy->names_measurement());
}

TEST(Verdict, TheFirstFailureDecidesAndFactsStay) {
    Verdict v;
    v.pass("a.1", "first");
    EXPECT_TRUE(v.accepted());
    v.establish_text("fact", "x");
    v.add_findings({{"P_B", "b"}, {"P_A", "a"}});
    EXPECT_EQ(v.result(), VerdictResult::Reject);
    EXPECT_EQ(v.error()->rule, "P_A");
    v.fail("a.2", "second", Error{Errc::Malformed, "E_FIRST", "here", "why"});
    v.fail("a.3", "third", Error{Errc::Refused, "E_SECOND", "", ""});
    v.not_reached("a.4", "fourth");
    EXPECT_EQ(v.error()->rule, "E_FIRST");
    EXPECT_EQ(v.exit_code(), 30);
    const std::string text = v.to_json();
    const auto document = json::Document::parse(text);
    ASSERT_TRUE(document.has_value());
    EXPECT_EQ(member(document->root(), "result"), "malformed");
    EXPECT_EQ(member(document->root(), "error"), "E_FIRST");
    EXPECT_EQ(member(document->root(), "fact"), "x");
    EXPECT_EQ(document->root().find("rules")->size(), 4U);
    EXPECT_EQ(document->root().find("findings")->size(), 2U);
}

TEST(Verdict, AppendKeepsTheEarlierErrorUnlessItIsOnlyUnsupported) {
    const auto failed = [](Errc code, std::string_view rule) {
        Verdict out;
        out.fail("x", "x", Error{code, rule, "", ""});
        return out;
    };
    Verdict first = failed(Errc::Refused, "E_A");
    Verdict second = failed(Errc::Refused, "E_B");
    second.set_simulated(true);
    first.append(std::move(second));
    EXPECT_EQ(first.error()->rule, "E_A");
    EXPECT_TRUE(first.simulated());
    EXPECT_EQ(first.rules().size(), 2U);

    Verdict weak = failed(Errc::Unsupported, "E_A");
    weak.append(failed(Errc::Refused, "E_B"));
    EXPECT_EQ(weak.error()->rule, "E_B");
    EXPECT_EQ(weak.exit_code(), 10);
    weak.append(failed(Errc::Unsupported, "E_C"));
    EXPECT_EQ(weak.error()->rule, "E_B");

    Verdict finding = failed(Errc::Unsupported, "E_A");
    EXPECT_EQ(finding.exit_code(), 20);
    finding.add_findings({{"P_DEBUG", "debug TD"}});
    EXPECT_EQ(finding.error()->rule, "P_DEBUG");
    EXPECT_EQ(finding.exit_code(), 10);
    EXPECT_FALSE(finding.proven());
}

}  // namespace
}  // namespace lumoz::verify

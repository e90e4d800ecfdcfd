// SPDX-License-Identifier: Apache-2.0
#include "verify/answer.hpp"

#include "verify/test_exchange.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using testing::demand;
using testing::document;
using testing::Exchange;
using testing::kNow;
using testing::mentions;
using testing::nonce_of;
using testing::seed;
using testing::Service;

std::string answer_error(const Exchange& e, const std::string& proof, const VerifiedReport* report) {
    const Verdict v = verify_answer(as_bytes(e.request), as_bytes(e.response), proof, report);
    const auto error = v.error();
    return error ? std::string(error->rule) : "accepted";
}

TEST(Answer, AcceptsWhatTheEvidenceProves) {
    const Service s;
    const Exchange e;
    const auto evidence = verify_stored_evidence(s.stored(kNow - 10), s.keyset.digest(), demand());
    const Verdict v = verify_answer(as_bytes(e.request), as_bytes(e.response), e.proof(s), &*evidence.report);
    EXPECT_TRUE(v.accepted()) << v.to_json();
    EXPECT_TRUE(v.simulated());
    EXPECT_TRUE(v.not_checked().empty());
    const Verdict alone = verify_answer(as_bytes(e.request), as_bytes(e.response), e.proof(s), nullptr);
    EXPECT_TRUE(alone.accepted());
    EXPECT_TRUE(mentions(alone, "N_SIGNER"));
}

TEST(Answer, APlainReportLinksItsOwnKeyOnly) {
    const Service s;
    const Exchange e;
    const auto plain =
        verify_report(document(s.members(nonce_of(9), evidence::BindingForm::Plain)), demand());
    const Verdict v = verify_answer(as_bytes(e.request), as_bytes(e.response), e.proof(s), &*plain.report);
    EXPECT_TRUE(v.accepted()) << v.to_json();
    EXPECT_TRUE(mentions(v, "N_SIGNER"));
    EXPECT_TRUE(mentions(v, "N_RECEIPT"));
    const std::string only_ed25519 = R"({"signatures":[)" + e.ed25519(s.ed25519) + "]}";
    EXPECT_EQ(answer_error(e, only_ed25519, &*plain.report), "E_SIGNER_UNKNOWN");
}

TEST(Answer, AReceiptThatNothingProvesEstablishesNothing) {
    const Service s;
    const Exchange e;
    const auto plain =
        verify_report(document(s.members(nonce_of(9), evidence::BindingForm::Plain)), demand());
    for (const VerifiedReport* report : {&*plain.report, static_cast<const VerifiedReport*>(nullptr)}) {
        const Verdict v = verify_answer(as_bytes(e.request), as_bytes(e.response), e.proof(s), report);
        EXPECT_TRUE(v.accepted()) << v.to_json();
        EXPECT_TRUE(mentions(v, "N_RECEIPT"));
        for (const char* fact : {"receipt_id", "served_at", "complete", "model_root"})
            EXPECT_FALSE(v.established(fact)) << fact;
        EXPECT_EQ(v.to_json().find("answer.complete"), std::string::npos);
        const std::string cut = e.receipt(s, [](std::string& text) {
            text.replace(text.find("\"complete\":true"), 15, "\"complete\":false");
        });
        EXPECT_EQ(answer_error(e, e.proof(s, cut), report), "E_ANSWER_CUT");
    }
}

TEST(Answer, ASignatureOverTheValuesOfAFormIsRecognisedAndRefused) {
    const Service s;
    Exchange e;
    e.request = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n--b--\r\n";
    Exchange signed_one = e;
    signed_one.request = "whisper";
    const std::string proof = R"({"signatures":[)" + signed_one.ecdsa(s.ecdsa) + "]}";
    const Verdict v = verify_answer(as_bytes(e.request), as_bytes(e.response), proof, nullptr);
    ASSERT_TRUE(v.error());
    EXPECT_EQ(v.error()->rule, "E_REQUEST_HASH");
    EXPECT_NE(v.error()->detail.find("values of the form"), std::string::npos);
    const Verdict other = verify_answer(as_bytes("{}"), as_bytes(e.response), proof, nullptr);
    EXPECT_EQ(other.error()->rule, "E_REQUEST_HASH");
    EXPECT_EQ(other.error()->detail, "");
}

TEST(Answer, RefusesEachForgeryByName) {
    const Service s;
    const Exchange e;
    const auto evidence = verify_stored_evidence(s.stored(kNow - 10), s.keyset.digest(), demand());
    const VerifiedReport* report = &*evidence.report;
    Exchange other = e;
    other.response += " ";
    EXPECT_EQ(answer_error(other, e.proof(s), report), "E_RESPONSE_HASH");
    other = e;
    other.request += " ";
    EXPECT_EQ(answer_error(other, e.proof(s), report), "E_REQUEST_HASH");
    const auto stranger = *crypto::Secp256k1Key::from(seed<crypto::Secp256k1Seed>(7));
    EXPECT_EQ(answer_error(e, R"({"signatures":[)" + e.ecdsa(stranger) + "]}", report), "E_SIGNER_UNKNOWN");
    EXPECT_EQ(answer_error(e, "{}", report), "E_PROOF_EMPTY");
    EXPECT_EQ(answer_error(e, "[]", report), "E_PROOF_PARSE");
    std::string forged = e.ecdsa(s.ecdsa);
    forged[forged.find("0x") + 70] ^= 1;
    EXPECT_EQ(answer_error(e, forged, report), "E_SIGNATURE");
    std::string keyset = e.proof(s);
    keyset.replace(keyset.rfind("sha256:") + 7, 4, "0000");
    EXPECT_EQ(answer_error(e, keyset, report), "E_KEYSET");
}

TEST(Answer, RefusesEachBentReceiptByName) {
    const Service s;
    const Exchange e;
    const auto evidence = verify_stored_evidence(s.stored(kNow - 10), s.keyset.digest(), demand());
    const auto error = [&](const char* from, const char* to) {
        const std::string receipt = e.receipt(s, [&](std::string& text) {
            const std::size_t at = text.find(from);
            ASSERT_NE(at, std::string::npos) << from;
            text.replace(at, std::string_view(from).size(), to);
        });
        return answer_error(e, R"({"receipt":)" + receipt + "}", &*evidence.report);
    };
    EXPECT_EQ(error("aci/1", "aci/1"), "accepted");
    EXPECT_EQ(error("aci/1", "aci/9"), "E_RECEIPT_VERSION");
    EXPECT_EQ(error("request.received", "request.other"), "E_RECEIPT_FIRST_EVENT");
    EXPECT_EQ(error("response.returned", "response.other"), "E_RECEIPT_EVENT");
    EXPECT_EQ(error("\"complete\":true", "\"complete\":false,\"cut_by\":\"client\""), "E_ANSWER_CUT");
    EXPECT_EQ(error("\"key_id\":\"receipt-1\"", "\"key_id\":\"receipt-2\""), "E_RECEIPT_KEY");
    EXPECT_EQ(error("\"model\":\"tiny\"", "\"model\":\"huge\""), "E_ANSWER_MODEL");
    EXPECT_EQ(error("\"served_at\":1800000000", "\"served_at\":1700000000"), "E_RECEIPT_TIME");
    EXPECT_EQ(error("\"served_at\":1800000000", "\"served_at\":1900000000"), "E_RECEIPT_TIME");
    EXPECT_EQ(error("\"served_at\":1800000000", "\"served_at\":\"x\""), "E_RECEIPT_PARSE");
    EXPECT_EQ(error("\"config_sha256\":\"", "\"config_sha256\":\"0"), "E_ANSWER_CONFIG");
    Exchange other = e;
    other.response += " ";
    const std::string proof = R"({"receipt":)" + e.receipt(s) + "}";
    EXPECT_EQ(answer_error(other, proof, &*evidence.report), "E_RECEIPT_RESPONSE");
    other = e;
    other.request += " ";
    EXPECT_EQ(answer_error(other, proof, &*evidence.report), "E_RECEIPT_REQUEST");
    std::string unsigned_change = e.receipt(s);
    unsigned_change.replace(unsigned_change.find("rcpt-1"), 6, "rcpt-2");
    EXPECT_EQ(answer_error(e, R"({"receipt":)" + unsigned_change + "}", &*evidence.report),
              "E_RECEIPT_SIGNATURE");
}

}  // namespace
}  // namespace lumoz::verify

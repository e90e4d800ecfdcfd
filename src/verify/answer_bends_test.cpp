// SPDX-License-Identifier: Apache-2.0
// Proofs and receipts bent in each member: what is read, and what the whole check then says. A bent receipt
// is signed again, so that only the bend itself can be refused.
#include "verify/test_bends.hpp"
#include "verify/test_exchange.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using testing::Approved;
using testing::bends_of;
using testing::BentDocument;
using testing::demand;
using testing::difference;
using testing::document;
using testing::Exchange;
using testing::kNow;
using testing::nonce_of;
using testing::said;
using testing::Said;
using testing::Service;

constexpr std::string_view kMoreEvents =
    R"({"type":"request.forwarded","body_hash":"sha256:2"},{"type":"lumoz.gpu","evidence_sha256":"00"},)"
    R"({"type":"upstream.verified","result":"verified"},{"type":"other","x":1},)";

Said answered(const Exchange& e, std::string_view proof, const VerifiedReport* report) {
    return said(verify_answer(as_bytes(e.request), as_bytes(e.response), proof, report));
}

/// Evidence of a service that served with a GPU.
struct Proven {
    Service service;
    Exchange exchange;
    std::optional<VerifiedReport> report;

    explicit Proven(bool gpu) {
        if (gpu) service.statement.gpu_digest = Digest256();
        ReportDemand d = demand();
        d.policy.allow_unchecked_gpu = true;
        auto got = verify_stored_evidence(service.stored(kNow - 10), service.keyset.digest(), d);
        report = std::move(got.report);
    }
    [[nodiscard]] Said with_receipt(const std::string& signed_receipt) const {
        return answered(exchange, R"({"receipt":)" + signed_receipt + "}", &*report);
    }
};

TEST(AnswerBends, WhatIsReadOfAReceipt) {
    const Service s;
    std::string text = Exchange().unsigned_receipt(s, kMoreEvents);
    text.replace(text.find("\"complete\":true"), 15, R"("complete":false,"cut_by":"client")");
    text.insert(text.size() - 1, R"(,"signature":"00")");
    Approved("receipt_read").bends(text, {}, [](std::string_view bent) {
        return said(AciReceipt::parse(bent));
    });
}

TEST(AnswerBends, WhatIsReadOfAProof) {
    const Service s;
    Approved approved("proof_read");
    const auto read = [](std::string_view text) {
        Said out = said(ProofFile::parse(text));
        const auto digest = proof_keyset_digest(text);
        out["keyset named"] = digest ? *digest : std::string(digest.error().rule);
        return out;
    };
    constexpr std::string_view kWhole[] = {"receipt"};
    approved.bends(Exchange().proof(s), kWhole, read);
    const std::string alone = Exchange().ed25519(s.ed25519);
    approved.line("one object alone", difference({}, read(alone)));
    for (const BentDocument& bent : bends_of(alone))
        approved.line("one object alone: " + bent.place + "\t" + bent.how,
                      difference(read(alone), read(bent.text)));
    for (const std::string_view other : {"", "[]", "7", "{}", R"({"receipt":null})", R"({"signatures":[]})"})
        approved.line(other, difference({}, read(other)));
    const auto many = [&](std::size_t count) {
        std::string text = R"({"signatures":[)" + alone;
        for (std::size_t i = 1; i < count; ++i)
            text += "," + alone;
        const auto got = ProofFile::parse(text + "]}");
        return got ? std::to_string(got->signatures.size()) : got.error().detail;
    };
    EXPECT_EQ(many(16), "16");
    EXPECT_EQ(many(17), "signatures: too many");
    const auto nested = [](std::size_t depth) {
        return ProofFile::parse(R"({"x":)" + std::string(depth, '[') + std::string(depth, ']') + "}")
            .has_value();
    };
    EXPECT_TRUE(nested(31));
    EXPECT_FALSE(nested(32));
}

TEST(AnswerBends, AtMost1024Events) {
    const auto detail = [](int count) {
        std::string text =
            R"({"api_version":"aci/1","receipt_id":"r","workload_keyset_digest":"d","endpoint":"/","method":"POST",)"
            R"("served_at":1,"key_id":"k","signature":"","event_log":[1)";
        for (int i = 1; i < count; ++i)
            text += ",1";
        return AciReceipt::parse(text + "]}").error().detail;
    };
    EXPECT_EQ(detail(1024), "event_log: not an object");
    EXPECT_EQ(detail(1025), "event_log: too many events");
}

TEST(AnswerBends, AnAnswerWithEachProofBent) {
    const Proven proven(false);
    const Service& s = proven.service;
    constexpr std::string_view kWhole[] = {"receipt"};
    Approved("answer_proof").bends(proven.exchange.proof(s), kWhole, [&](std::string_view proof) {
        return answered(proven.exchange, proof, &*proven.report);
    });
}

TEST(AnswerBends, AnAnswerWithEachReceiptBent) {
    const Proven proven(true);
    std::string events(kMoreEvents);
    events.replace(events.find("\"00\""), 4, json::quoted(to_hex(Digest256().view())));
    const std::string text = proven.exchange.unsigned_receipt(proven.service, events);
    const Said good = proven.with_receipt(Exchange::sign(proven.service, text));
    Approved approved("answer_receipt");
    approved.whole("as it is", good);
    for (const BentDocument& bent : bends_of(text))
        approved.line(bent.place + "\t" + bent.how,
                      difference(good, proven.with_receipt(Exchange::sign(proven.service, bent.text))));
}

TEST(AnswerBends, AReceiptAndItsTimes) {
    const Proven proven(false);
    Approved approved("answer_times");
    const std::string text = proven.exchange.unsigned_receipt(proven.service);
    const Said good = proven.with_receipt(Exchange::sign(proven.service, text));
    const auto at = [&](UnixTime time) {
        std::string bent = text;
        const std::string was = "\"served_at\":" + std::to_string(kNow);
        bent.replace(bent.find(was), was.size(), "\"served_at\":" + std::to_string(time));
        approved.line("served at now" + std::string(time < kNow ? "" : "+") + std::to_string(time - kNow),
                      difference(good, proven.with_receipt(Exchange::sign(proven.service, bent))));
    };
    for (const UnixTime time : {kNow - 11, kNow - 10, kNow - 9, proven.service.keyset.not_after - 1,
                                proven.service.keyset.not_after, proven.service.keyset.not_after + 1})
        at(time);
    std::string bent = Exchange::sign(proven.service, text);
    const std::size_t digit = bent.rfind("\"signature\":\"") + 13;
    bent[digit] = bent[digit] == '0' ? '1' : '0';
    approved.line("signature of another", difference(good, proven.with_receipt(bent)));
    bent.erase(digit, 2);
    approved.line("signature too short", difference(good, proven.with_receipt(bent)));
    std::string other_model = text;
    other_model.replace(other_model.find("\"model\":\"tiny\""), 14, "\"model\":null");
    approved.line("no model named",
                  difference(good, proven.with_receipt(Exchange::sign(proven.service, other_model))));
}

TEST(AnswerBends, WhateverTheEvidenceProves) {
    const Service s;
    const Exchange e;
    Approved approved("answer_evidence");
    const auto stranger = crypto::Ed25519Key::from(testing::seed<crypto::Ed25519Seed>(7));
    const std::string proofs[] = {R"({"signatures":[)" + e.ecdsa(s.ecdsa) + "," + e.ed25519(stranger) + "]}",
                                  e.proof(s),
                                  R"({"signatures":[)" + e.ecdsa(s.ecdsa) + "]}",
                                  R"({"signatures":[)" + e.ed25519(s.ed25519) + "]}",
                                  R"({"receipt":)" + e.receipt(s) + "}",
                                  "{}",
                                  "["};
    const char* names[] = {
        "a stranger's beside it", "all", "ecdsa", "Ed25519", "receipt", "nothing", "no JSON"};
    const auto plain =
        verify_report(document(s.members(nonce_of(9), evidence::BindingForm::Plain)), demand());
    ReportDemand d = demand();
    d.collateral = testing::tee().collateral();
    const auto aci = verify_report(s.aci(nonce_of(9)), d);
    const auto stored = verify_stored_evidence(s.stored(kNow), s.keyset.digest(), demand());
    for (std::size_t i = 0; i < std::size(proofs); ++i) {
        const std::string name = names[i];
        approved.whole(name + ", no evidence", answered(e, proofs[i], nullptr));
        approved.whole(name + ", plain report", answered(e, proofs[i], &*plain.report));
        approved.whole(name + ", ACI", answered(e, proofs[i], &*aci.report));
        approved.whole(name + ", stored evidence", answered(e, proofs[i], &*stored.report));
    }
}

TEST(AnswerBends, EachAlgorithmHasItsWords) {
    const Service s;
    const Exchange e;
    const Verdict got = verify_answer(as_bytes(e.request), as_bytes(e.response), e.proof(s), nullptr);
    EXPECT_EQ(got.rules()[1].what, "the ecdsa signature is by its signer");
    EXPECT_EQ(got.rules()[4].what, "the Ed25519 signature is by its signer");
}

TEST(AnswerBends, EvidenceAndAnswerInOne) {
    const Service s;
    const Exchange e;
    Approved approved("answer_signed");
    const auto signed_answer = [&](std::string_view evidence, std::string_view proof, const ReportDemand& d,
                                   std::optional<UnixTime> at = {}) {
        const auto got =
            verify_signed_answer(as_bytes(e.request), as_bytes(e.response), proof, evidence, d, at);
        return got ? said(*got) : said(got.error());
    };
    ReportDemand strict = demand();
    strict.policy = Policy();
    const std::string proof = e.proof(s), without = R"({"signatures":[)" + e.ecdsa(s.ecdsa) + "]}";
    const std::string report = document(s.members(nonce_of(9), evidence::BindingForm::Lumoz));
    const Said good = signed_answer(s.stored(kNow), proof, demand());
    approved.whole("stored evidence", good);
    const auto line = [&](const char* what, const Said& now) { approved.line(what, difference(good, now)); };
    line("stored evidence, strict", signed_answer(s.stored(kNow), proof, strict));
    line("stored evidence, too late", signed_answer(s.stored(kNow), proof, demand(), kNow + 7 * 86400));
    line("stored evidence, no keyset named", signed_answer(s.stored(kNow), without, demand()));
    line("stored evidence, no proof", signed_answer(s.stored(kNow), "[", demand()));
    line("a report", signed_answer(report, proof, demand()));
    line("a report, strict", signed_answer(report, proof, strict));
    line("a report and no proof", signed_answer(report, "[", demand()));
    line("no report", signed_answer("{", proof, demand()));
    line("no evidence", signed_answer("", proof, demand()));
    line("no evidence, strict", signed_answer("", proof, strict));
    Service other;
    other.keyset.not_after += 1;
    other.statement.keyset_digest = other.keyset.digest();
    line("evidence of another keyset", signed_answer(other.stored(kNow), proof, demand()));
}

}  // namespace
}  // namespace lumoz::verify

// SPDX-License-Identifier: Apache-2.0
#include "verify/bundle.hpp"

#include "verify/test_service.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using testing::demand;
using testing::document;
using testing::kNow;
using testing::mentions;
using testing::nonce_of;
using testing::Service;
using testing::tee;

constexpr UnixTime kYears = kNow + std::int64_t{5} * 365 * 86400;

struct Saved {
    Service service;
    BundleParts parts;
    Saved() {
        parts.made_at = kNow;
        parts.url = "https://example.com";
        parts.nonce = nonce_of(9);
        parts.tls_spki = service.spki;
        parts.report = document(service.members(nonce_of(9), evidence::BindingForm::Lumoz));
        parts.keyset = service.keyset.canonical();
    }
    /// A receipt of the service for no bodies in particular.
    [[nodiscard]] std::string receipt(std::int64_t served_at, std::string_view key_id = "receipt-1") const {
        const std::string hash = "sha256:" + std::string(64, '1');
        std::string body =
            R"({"api_version":"aci/1","chat_id":null,"endpoint":"/v1/chat/completions","event_log":[{"body_hash":")" +
            hash + R"(","type":"request.received"},{"body_hash":")" + hash +
            R"(","type":"response.returned"}],"key_id":")" + std::string(key_id) +
            R"(","method":"POST","model":null,"receipt_id":"rcpt-000000000000000000000000","served_at":)" +
            std::to_string(served_at) + R"(,"workload_keyset_digest":")" + service.keyset.digest() + "\"}";
        const std::string canonical = *json::canonical(body);
        const auto signature = service.receipt.sign(as_bytes(canonical));
        body.insert(body.size() - 1, R"(,"signature":")" + to_hex(signature.view()) + "\"");
        return body;
    }
    [[nodiscard]] std::string text(std::string_view more = {}) const {
        std::string out = *make_bundle(parts);
        out.insert(out.size() - 1, more);
        return out;
    }
};

Verdict verify(const std::string& text, UnixTime now = kYears) {
    ReportDemand d = demand(std::nullopt);
    d.now = now;
    return verify_bundle(text, d);
}

std::string error(const Verdict& verdict) {
    return verdict.error() ? std::string(verdict.error()->rule) : "accepted";
}

TEST(Bundle, IsVerifiedAsOfItsMakingYearsLater) {
    const Saved saved;
    const Verdict got = verify(saved.text());
    ASSERT_EQ(error(got), "accepted") << got.to_json();
    EXPECT_TRUE(mentions(got, "N_MADE_AT"));
    EXPECT_TRUE(mentions(got, "N_REVOCATION_DATE"));
    EXPECT_TRUE(got.simulated());
    EXPECT_EQ(got.established("form"), "\"lumoz\"");
    EXPECT_EQ(error(verify(saved.text(), kNow)), "accepted");
    EXPECT_EQ(error(verify(saved.text(), kNow - 1)), "E_BUNDLE_TIME");
}

TEST(Bundle, ReceiptsAndAnswersInIt) {
    const Saved saved;
    Verdict got = verify(saved.text(R"(,"receipts":[)" + saved.receipt(kNow + 10) + "]"));
    ASSERT_EQ(error(got), "accepted") << got.to_json();
    EXPECT_TRUE(mentions(got, "N_BODIES"));
    EXPECT_EQ(error(verify(saved.text(R"(,"receipts":[)" + saved.receipt(kNow + 10) + "]"), kNow + 5)),
              "E_RECEIPT_TIME");
    EXPECT_EQ(error(verify(saved.text(R"(,"receipts":[)" + saved.receipt(kNow, "other") + "]"))),
              "E_RECEIPT_KEY");
    EXPECT_EQ(error(verify(saved.text(R"(,"receipts":[{}])"))), "E_RECEIPT_PARSE");
    const std::string wrong =
        R"(,"answers":[{"request_base64":"AA==","response_base64":"AA==","proof":{"receipt":)" +
        saved.receipt(kNow) + "}}]";
    got = verify(saved.text(wrong));
    EXPECT_EQ(error(got), "E_RECEIPT_REQUEST") << "other bodies";
    EXPECT_TRUE(got.established("bundled"));
}

TEST(Bundle, EachForgeryByName) {
    Saved saved;
    saved.parts.nonce = nonce_of(8);
    EXPECT_EQ(error(verify(saved.text())), "E_NONCE_MISMATCH");
    saved.parts = Saved().parts;
    saved.parts.tls_spki = Digest256();
    EXPECT_EQ(error(verify(saved.text())), "E_TLS_KEY");
    saved.parts = Saved().parts;
    saved.parts.made_at = kNow + std::int64_t{86400} * 400;
    EXPECT_EQ(verify(saved.text()).exit_code(), 10) << "collateral of another time";
    saved.parts = Saved().parts;
    evidence::Keyset other = saved.service.keyset;
    other.not_after += 1;
    saved.parts.keyset = other.canonical();
    EXPECT_EQ(error(verify(saved.text())), "E_KEYSET");
    saved.parts = Saved().parts;
    Service::Members bare = saved.service.members(nonce_of(9), evidence::BindingForm::Lumoz);
    bare.erase("collateral");
    saved.parts.report = document(bare);
    EXPECT_EQ(error(verify(saved.text())), "E_REPORT_COLLATERAL");
    saved.parts.collateral = tee().collateral().to_json();
    EXPECT_EQ(error(verify(saved.text())), "accepted");
}

TEST(Bundle, StoredEvidenceInIt) {
    Saved saved;
    saved.parts.report = saved.service.stored(kNow);
    saved.parts.nonce.reset();
    EXPECT_EQ(error(verify(saved.text())), "accepted") << verify(saved.text()).to_json();
}

TEST(Bundle, ShapesThatAreNoBundle) {
    const Saved saved;
    for (const std::string& text :
         {std::string("{}"), std::string("[]"), std::string("{"), saved.text(R"(,"extra":1)"),
          saved.text(R"(,"answers":{})"), saved.text(R"(,"answers":[{}])"), saved.text(R"(,"answers":[1])"),
          saved.text(R"(,"receipts":1)"), saved.text(R"(,"made_at":1)"), std::string(R"({"lumoz_bundle":0})"),
          std::string(R"({"lumoz_bundle":1,"made_at":-1,"report":{}})"),
          std::string(R"({"lumoz_bundle":1,"made_at":1,"report":"x"})"),
          std::string(R"({"lumoz_bundle":1,"made_at":1,"report":{},"nonce":"00"})")}) {
        const Verdict got = verify(text);
        EXPECT_EQ(error(got), "E_BUNDLE_PARSE") << text.substr(0, 80);
        EXPECT_EQ(got.exit_code(), 30);
    }
    BundleParts parts;
    parts.report = "[]";
    EXPECT_EQ(make_bundle(parts).error().rule, "E_BUNDLE_PARSE");
}

}  // namespace
}  // namespace lumoz::verify

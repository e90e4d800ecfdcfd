// SPDX-License-Identifier: Apache-2.0
#include "identity/public_identity.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/testing.hpp"
#include "crypto/sha2.hpp"
#include "evidence/report_data.hpp"
#include "identity/config_digest.hpp"
#include "identity/testing.hpp"

#include <gtest/gtest.h>

namespace lumoz::identity {
namespace {

constexpr json::Limits kLarge{.max_bytes = std::size_t{8} << 20, .max_depth = 24};

TEST(PublicIdentity, KeysetHoldsReceiptAndTlsKeyAndNoKeyThatNobodyAnswersTo) {
    const testing::Service service;
    const evidence::Keyset& keyset = service.identity.keyset;
    ASSERT_EQ(keyset.receipt_signing_keys.size(), 1U);
    EXPECT_EQ(keyset.receipt_key(kReceiptKeyId), service.keys.aci_receipt_ed25519.public_key());
    EXPECT_TRUE(keyset.e2ee_public_keys.empty());
    ASSERT_EQ(keyset.tls_public_keys.size(), 1U);
    EXPECT_EQ(keyset.tls_public_keys[0].spki_sha256, tls_spki_sha256(service.keys));
    EXPECT_EQ(keyset.not_after, service.clock.now() + 7 * 24 * 3600);
    // v1 keys never enter receipt_signing_keys (decision 1).
    EXPECT_EQ(service.identity.keyset_json.find(to_hex(service.identity.v1_ed25519.view())),
              std::string::npos);
    EXPECT_EQ(*json::canonical(service.identity.keyset_json), service.identity.keyset_json);
    EXPECT_EQ(service.identity.keyset_digest,
              "sha256:" + to_hex(crypto::sha256(as_bytes(service.identity.keyset_json)).view()));
}

TEST(PublicIdentity, WithoutTlsListenerThereIsNoTlsKey) {
    const testing::Service service(false);
    EXPECT_TRUE(service.identity.keyset.tls_public_keys.empty());
    EXPECT_FALSE(service.identity.tls_spki);
}

TEST(ConfigDigest, IsOfTheCanonicalForm) {
    const auto a = config_sha256(R"({"b":1, "a":[true]})");
    const auto b = config_sha256(R"({"a":[true],"b":1})");
    ASSERT_TRUE(a && b);
    EXPECT_EQ(*a, *b);
    EXPECT_EQ(*a, crypto::sha256(as_bytes(R"({"a":[true],"b":1})")));
    for (const char* bad : {"", "[]", "{\"a\":1,\"a\":2}", "{}x"}) {
        const auto refused = config_sha256(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().rule, "E_CONFIG_JSON");
    }
}

TEST(KeysetVectors, DocumentDigestAndStatementAgree) {
    const auto dir = lumoz::testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors here; set LUMOZ_VECTORS";
    const std::string file = lumoz::testing::read_file(*dir / "api/aci/keyset.json");
    const auto document = json::Document::parse(file, kLarge);
    ASSERT_TRUE(document);
    for (const json::Value& item : document->root().find("cases")->elements()) {
        SCOPED_TRACE(*item.find("id")->as_string());
        const auto parsed = evidence::Keyset::parse(item.find("keyset")->raw());
        ASSERT_TRUE(parsed) << parsed.error().detail;
        EXPECT_EQ(parsed->canonical(), *item.find("jcs")->as_string());
        EXPECT_EQ(parsed->digest(), *item.find("workload_keyset_digest")->as_string());
        // Built from its members, as this service builds its own.
        evidence::Keyset built;
        built.subject = parsed->subject;
        built.not_after = parsed->not_after;
        built.receipt_signing_keys = parsed->receipt_signing_keys;
        built.e2ee_public_keys = parsed->e2ee_public_keys;
        built.tls_public_keys = parsed->tls_public_keys;
        EXPECT_EQ(built.canonical(), parsed->canonical());
        const auto nonce = *fixed_from_hex<Nonce>(*item.find("nonce")->as_string());
        const std::string statement = evidence::aci_statement(parsed->digest(), nonce);
        EXPECT_EQ(statement, *item.find("statement")->as_string());
        EXPECT_EQ(to_hex(evidence::statement_report_data(statement).view()),
                  *item.find("slot_64")->as_string());
        EXPECT_EQ(evidence::aci_statement(parsed->digest(), std::nullopt),
                  *item.find("statement_null")->as_string());
    }
}

TEST(ReportDataVectors, BothV1FormsAgree) {
    const auto dir = lumoz::testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors here; set LUMOZ_VECTORS";
    const std::string file = lumoz::testing::read_file(*dir / "api/report_data.json");
    const auto document = json::Document::parse(file, kLarge);
    ASSERT_TRUE(document);
    std::size_t seen = 0;
    for (const json::Value& item : document->root().find("cases")->elements()) {
        SCOPED_TRACE(*item.find("id")->as_string());
        std::string address = *item.find("signing_address")->as_string();
        if (address.starts_with("0x")) address.erase(0, 2);
        const Bytes raw = *from_hex(address);
        const auto nonce = *fixed_from_hex<Nonce>(*item.find("nonce")->as_string());
        const auto tls = item.find("tls_cert_fingerprint");
        const ReportData ours =
            tls ? evidence::tls_report_data(raw, *fixed_from_hex<Digest256>(*tls->as_string()), nonce)
                : evidence::plain_report_data(raw, nonce);
        EXPECT_EQ(to_hex(ours.view()), *item.find("report_data")->as_string());
        ++seen;
    }
    EXPECT_GE(seen, 6U);
}

}  // namespace
}  // namespace lumoz::identity

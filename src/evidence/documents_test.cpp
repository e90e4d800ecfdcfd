// SPDX-License-Identifier: Apache-2.0
// Statements, keysets, report_data and wrappers: shared vectors and own cases.
#include "base/hex.hpp"
#include "base/testing.hpp"
#include "crypto/sha2.hpp"
#include "evidence/cmw.hpp"
#include "evidence/keyset.hpp"
#include "evidence/report_data.hpp"
#include "evidence/statement.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

std::string member(const json::Value& object, std::string_view name) {
    const auto value = object.find(name);
    return value ? value->as_string().value_or("") : "";
}

/// The cases of a shared vector file, kept alive with their text.
struct Cases {
    std::string text;
    Result<json::Document> document;
    explicit Cases(const std::filesystem::path& path)
        : text(testing::read_file(path)),
          document(json::Document::parse(text, {.max_bytes = std::size_t{16} << 20, .max_depth = 32})) {}
    [[nodiscard]] std::vector<json::Value> all() const { return document->root().find("cases")->elements(); }
};

#define CASES(name, path)                                 \
    const auto name##_dir = testing::vectors_dir();       \
    if (!name##_dir) GTEST_SKIP() << "no shared vectors"; \
    const Cases name(*name##_dir / (path));               \
    ASSERT_TRUE(name.document.has_value())

TEST(ReportData, SharedVectors) {
    CASES(cases, "api/report_data.json");
    for (const json::Value& c : cases.all()) {
        std::string address = member(c, "signing_address");
        if (address.starts_with("0x")) address.erase(0, 2);
        const Bytes raw = *from_hex(address);
        const Nonce nonce = *fixed_from_hex<Nonce>(member(c, "nonce"));
        const auto spki = fixed_from_hex<Digest256>(member(c, "tls_cert_fingerprint"));
        const ReportData got = spki ? tls_report_data(raw, *spki, nonce) : plain_report_data(raw, nonce);
        EXPECT_EQ(to_hex(got.view()), member(c, "report_data")) << member(c, "id");
    }
}

TEST(Keyset, SharedVectors) {
    CASES(cases, "api/aci/keyset.json");
    for (const json::Value& c : cases.all()) {
        const auto keyset = Keyset::from(*c.find("keyset"));
        ASSERT_TRUE(keyset.has_value()) << member(c, "id");
        EXPECT_EQ(keyset->canonical(), member(c, "jcs"));
        EXPECT_EQ(keyset->digest(), member(c, "workload_keyset_digest"));
        const auto nonce = fixed_from_hex<Nonce>(member(c, "nonce"));
        const std::string statement = aci_statement(keyset->digest(), *nonce);
        EXPECT_EQ(statement, member(c, "statement"));
        EXPECT_EQ(aci_statement(keyset->digest(), std::nullopt), member(c, "statement_null"));
        EXPECT_EQ(to_hex(statement_report_data(statement).view()), member(c, "slot_64"));
    }
}

TEST(ReportData, TheAttestFormIsNoneThatBindsAKey) {
    Nonce nonce;
    nonce.bytes.fill(0xab);
    const ReportData got = attest_report_data(nonce);
    // printf 'lumoz/attest/v1\0' and 32 bytes ab through sha256sum.
    EXPECT_EQ(to_hex(got.view().first(32)),
              "c2120994cc84b853bd29de918b53d8f68534745211bb38733b5d56d9c4a30b2c");
    EXPECT_TRUE(equal(got.view().subspan(32), nonce.view()));
}

TEST(Keyset, WritesWhatItReads) {
    Keyset keyset;
    keyset.not_after = 5;
    keyset.receipt_signing_keys.push_back({"r", "ed25519", std::string(64, 'a')});
    keyset.e2ee_public_keys.push_back({"x", "hpke-x25519-hkdf-sha256", "00"});
    keyset.tls_public_keys.push_back({Digest256(), "example.com"});
    const auto again = Keyset::parse(keyset.canonical());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->digest(), keyset.digest());
    EXPECT_TRUE(again->receipt_key("r").has_value());
    EXPECT_FALSE(again->receipt_key("x").has_value());
}

TEST(Keyset, UnknownMembersCountInTheDigestAndUnknownAlgorithmsAreNoKeys) {
    const std::string body =
        R"({"subject":null,"not_after":5,"receipt_signing_keys":[{"key_id":"r","algo":"ml-dsa-65","public_key":"zz"}],)"
        R"("e2ee_public_keys":[],"tls_public_keys":[])";
    const auto plain = Keyset::parse(body + "}");
    const auto more = Keyset::parse(body + R"(,"future":1})");
    ASSERT_TRUE(plain && more);
    EXPECT_NE(plain->digest(), more->digest());
    EXPECT_FALSE(plain->receipt_key("r").has_value());
}

TEST(Keyset, RefusesByName) {
    const auto error = [](std::string_view text) {
        const auto keyset = Keyset::parse(text);
        return keyset ? "accepted" : std::string(keyset.error().rule);
    };
    const std::string tail = R"(,"e2ee_public_keys":[],"tls_public_keys":[]})";
    const std::string head = R"({"subject":null,"not_after":5,"receipt_signing_keys":)";
    EXPECT_EQ(error(head + "[]" + tail), "accepted");
    EXPECT_EQ(error("{}"), "E_KEYSET");
    EXPECT_EQ(error("[]"), "E_KEYSET");
    EXPECT_EQ(error("{"), "E_KEYSET");
    EXPECT_EQ(error(head + "{}" + tail), "E_KEYSET");
    EXPECT_EQ(error(head + R"([{"key_id":"a","algo":"ed25519","public_key":"00"}])" + tail), "E_KEYSET");
    const std::string key = R"({"key_id":"a","algo":"x","public_key":""})";
    EXPECT_EQ(error(head + "[" + key + "]" + tail), "accepted");
    EXPECT_EQ(error(head + "[" + key + "," + key + "]" + tail), "E_KEYSET");
}

LumozStatement statement() {
    LumozStatement out;
    out.keyset_digest = sha256_text(Digest256());
    out.models = {{"b", sha256_text(Digest256())}, {"a", sha256_text(Digest256())}};
    return out;
}

TEST(Statement, IsCanonicalAndReadsBack) {
    const std::string text = statement().text();
    EXPECT_EQ(*json::canonical(text), text);
    const auto again = LumozStatement::parse(text);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->models[0].name, "a");
    EXPECT_FALSE(again->nonce.has_value());
    LumozStatement full = statement();
    full.nonce = Nonce();
    full.gpu_digest = Digest256();
    full.spki_sha256 = Digest256();
    EXPECT_TRUE(LumozStatement::parse(full.text())->gpu_digest.has_value());
}

TEST(Statement, RefusesEveryOtherText) {
    const std::string text = statement().text();
    const auto error = [](std::string_view bent) {
        const auto got = LumozStatement::parse(bent);
        return got ? "accepted" : std::string(got.error().rule);
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string bent = text;
        bent[i] ^= 0x20;
        const auto got = LumozStatement::parse(bent);
        if (got) {
            EXPECT_EQ(got->text(), bent) << i;
        } else {
            EXPECT_EQ(got.error().rule, "E_STATEMENT") << i;
        }
    }
    EXPECT_EQ(error(text + " "), "E_STATEMENT");
    EXPECT_EQ(error(R"({"purpose":"lumoz.report.v1"})"), "E_STATEMENT");
    std::string other = text;
    other.replace(other.find("lumoz.report.v1"), 15, "lumoz.report.v2");
    EXPECT_EQ(error(other), "E_STATEMENT");
    std::string point = text;
    point.replace(point.find("\"ecdsa\":\"04") + 9, 2, "03");
    EXPECT_EQ(error(point), "E_STATEMENT");
}

TEST(Cmw, SharedVectorsOfTheJsonForm) {
    CASES(cases, "standards/cmw/read.json");
    std::size_t read = 0;
    for (const json::Value& c : cases.all()) {
        std::string text = member(*c.find("input"), "cmw_b64");
        const Bytes raw = *from_base64(text);
        if (raw.empty() || (raw[0] != '[' && raw[0] != '{' && raw[0] != '"')) continue;
        ++read;
        const json::Value expect = *c.find("expect");
        auto got = parse_cmw(as_text(raw));
        if (member(expect, "result") == "error") {
            EXPECT_EQ(got ? "accepted" : got.error().rule, member(expect, "code")) << member(c, "id");
            continue;
        }
        ASSERT_TRUE(got.has_value()) << member(c, "id") << got.error().detail;
        std::ranges::sort(*got, {}, &CmwRecord::label);
        const auto items = expect.find("items")->elements();
        ASSERT_EQ(got->size(), items.size());
        for (std::size_t i = 0; i < items.size(); ++i) {
            EXPECT_EQ((*got)[i].label, member(items[i], "label"));
            EXPECT_EQ((*got)[i].type, member(items[i], "type"));
            EXPECT_EQ(to_hex(crypto::sha256((*got)[i].value).view()), member(items[i], "value_sha256"));
        }
    }
    EXPECT_GE(read, 18U);
}

TEST(Cmw, CollectionsReadBackAndQuotesComeOut) {
    const Bytes quote = {1, 2, 3, 255};
    const std::string report = tsm_report_json("tdx_guest", quote);
    EXPECT_EQ(*json::canonical(report), report);
    const std::vector<CmwRecord> records = {{"cpu0", std::string(kCmwQuote), to_bytes(as_bytes(report)), 4}};
    const std::string text = cmw_collection("tag:example.com,2026:evidence/v1", records);
    EXPECT_EQ(*json::canonical(text), text);
    const auto got = parse_cmw(text);
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(*quote_from_tsm_report(got->front().value), quote);
    EXPECT_EQ(*quote_from_tsm_report(as_bytes(R"({"outblob":"AQID_w"})")), quote);
    EXPECT_EQ(quote_from_tsm_report(as_bytes("{}")).error().rule, "E_CMW_VALUE");
    EXPECT_EQ(quote_from_tsm_report(as_bytes("x")).error().rule, "E_CMW_VALUE");
}

}  // namespace
}  // namespace lumoz::evidence

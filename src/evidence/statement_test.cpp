// SPDX-License-Identifier: Apache-2.0
// Statements and keysets: each member bent, order of models, ceilings. Shared vectors are in
// documents_test.cpp.
#include "evidence/statement.hpp"

#include "evidence/keyset.hpp"
#include "evidence/testing/json_bends.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

using testing::Dump;

LumozStatement full() {
    LumozStatement out;
    out.gpu_digest.emplace().bytes.fill(1);
    out.nonce.emplace().bytes.fill(2);
    out.spki_sha256.emplace().bytes.fill(3);
    out.keyset_digest = sha256_text(Digest256());
    out.models = {{"a", sha256_text(Digest256())}, {"b", sha256_text(Digest256())}};
    return out;
}

std::string error_of(std::string_view text) {
    const auto got = LumozStatement::parse(text);
    return got ? "accepted" : got.error().detail;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    return text.replace(text.find(from), from.size(), to);
}

Dump dump(const LumozStatement& got) {
    return Dump().add("text", got.text());
}

TEST(StatementReader, EachMemberBent) {
    testing::expect_json_bends<LumozStatement>("statement", full().text(), LumozStatement::parse, dump);
}

TEST(StatementReader, EveryMemberComesBack) {
    const LumozStatement got = *LumozStatement::parse(full().text());
    EXPECT_EQ(got.gpu_digest, full().gpu_digest);
    EXPECT_EQ(got.nonce, full().nonce);
    EXPECT_EQ(got.spki_sha256, full().spki_sha256);
    EXPECT_EQ(got.keyset_digest, full().keyset_digest);
    EXPECT_EQ(got.models.size(), 2U);
}

TEST(StatementReader, ModelsAreSortedByName) {
    const std::string text = full().text();
    const std::string swapped =
        replaced(replaced(text, R"("name":"a")", R"("name":"c")"), R"("name":"b")", R"("name":"a")");
    EXPECT_EQ(error_of(swapped), "models: not sorted by name");
    EXPECT_EQ(error_of(replaced(text, R"("name":"b")", R"("name":"a")")), "models: not sorted by name")
        << "one twice";
    EXPECT_EQ(error_of("["), "offset 1: value expected");
}

TEST(StatementReader, APointIsUncompressed) {
    EXPECT_EQ(error_of(replaced(full().text(), R"("ecdsa":"04)", R"("ecdsa":"03)")),
              "ecdsa: not an uncompressed point");
}

TEST(StatementReader, HasAtMost256Models) {
    LumozStatement many = full();
    many.models.clear();
    for (int i = 0; i < 256; ++i)
        many.models.push_back({std::to_string(1000 + i), sha256_text(Digest256())});
    EXPECT_EQ(error_of(many.text()), "accepted");
    many.models.push_back({"x", sha256_text(Digest256())});
    EXPECT_EQ(error_of(many.text()), "models: too many");
}

TEST(StatementReader, DigestsAreWrittenInOneForm) {
    const std::string good = sha256_text(Digest256());
    EXPECT_TRUE(is_sha256_text(good));
    EXPECT_FALSE(is_sha256_text(good + "0"));
    EXPECT_FALSE(is_sha256_text("sha512:" + good.substr(7)));
    EXPECT_FALSE(is_sha256_text("sha256:" + std::string(64, 'A')));
    EXPECT_FALSE(is_sha256_text("sha256:"));
}

const std::string kKey = R"({"key_id":"#","algo":"ed25519","public_key":")" + std::string(64, 'a') + "\"}";
const std::string kTls = R"({"spki_sha256":")" + std::string(64, 'b') + R"(","domain":"example.com"})";

std::string keyset_text(const std::string& signing, const std::string& e2ee, const std::string& tls) {
    return R"({"subject":"s","not_after":9007199254740991,"receipt_signing_keys":[)" + signing +
           R"(],"e2ee_public_keys":[)" + e2ee + R"(],"tls_public_keys":[)" + tls + "]}";
}

/// `count` keys of different ids, or as they are when the text has no '#'.
std::string many(std::size_t count, const std::string& key) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        std::string one = key;
        if (const std::size_t at = one.find('#'); at != std::string::npos)
            one.replace(at, 1, std::to_string(i));
        out += (i == 0 ? "" : ",") + one;
    }
    return out;
}

Dump dump_keyset(const Keyset& keyset) {
    Dump out;
    out.add("subject", keyset.subject).add("not_after", keyset.not_after);
    for (const KeysetKey& key : keyset.receipt_signing_keys)
        out.add("receipt", key.key_id + " " + key.algo + " " + key.public_key.substr(0, 8));
    for (const KeysetKey& key : keyset.e2ee_public_keys)
        out.add("e2ee", key.key_id + " " + key.algo + " " + key.public_key.substr(0, 8));
    for (const KeysetTlsKey& key : keyset.tls_public_keys)
        out.add("tls", key.spki_sha256.view()).add("domain", key.domain);
    return out;
}

TEST(KeysetReader, EachMemberBent) {
    testing::expect_json_bends<Keyset>("keyset", keyset_text(many(2, kKey), many(1, kKey), kTls),
                                       Keyset::parse, dump_keyset);
}

TEST(KeysetReader, ListsHaveAtMost256Keys) {
    const auto error = [](const std::string& text) {
        const auto got = Keyset::parse(text);
        return got ? "accepted" : got.error().detail;
    };
    EXPECT_EQ(error(keyset_text(many(256, kKey), many(256, kKey), many(256, kTls))), "accepted");
    EXPECT_EQ(error(keyset_text(many(257, kKey), "", "")), "receipt_signing_keys: too many keys");
    EXPECT_EQ(error(keyset_text("", many(257, kKey), "")), "e2ee_public_keys: too many keys");
    EXPECT_EQ(error(keyset_text("", "", many(257, kTls))), "tls_public_keys: too many keys");
}

TEST(KeysetWriter, WritesEveryMember) {
    Keyset keyset;
    keyset.subject = "s";
    keyset.not_after = 5;
    keyset.tls_public_keys = {{Digest256(), "example.com"}, {Digest256(), std::nullopt}};
    const std::string zeros(64, '0');
    EXPECT_EQ(
        keyset.canonical(),
        R"({"e2ee_public_keys":[],"not_after":5,"receipt_signing_keys":[],"subject":"s","tls_public_keys":[)"
        R"({"domain":"example.com","spki_sha256":")" +
            zeros + R"("},{"spki_sha256":")" + zeros + R"("}]})");
    keyset.subject.reset();
    EXPECT_NE(keyset.canonical().find(R"("subject":null)"), std::string::npos);
}

TEST(KeysetReader, AReceiptKeyIsOfItsAlgorithm) {
    Keyset keyset;
    keyset.receipt_signing_keys = {{"r", "other", std::string(64, 'a')},
                                   {"s", "ed25519", std::string(64, 'b')},
                                   {"t", "ed25519", "short"}};
    EXPECT_FALSE(keyset.receipt_key("r").has_value());
    EXPECT_EQ(to_bytes(keyset.receipt_key("s")->view()), Bytes(32, 0xbb));
    EXPECT_FALSE(keyset.receipt_key("t").has_value());
}

}  // namespace
}  // namespace lumoz::evidence

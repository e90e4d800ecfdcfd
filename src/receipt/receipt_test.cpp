// SPDX-License-Identifier: Apache-2.0
#include "receipt/receipt.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/testing.hpp"
#include "crypto/ed25519.hpp"
#include "crypto/sha2.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace lumoz::receipt {
namespace {

constexpr json::Limits kLarge{.max_bytes = std::size_t{8} << 20, .max_depth = 24};

Head sample_head() {
    return {"rcpt-000000000000000000000001", "chatcmpl-1", "m",        "sha256:" + std::string(64, '0'),
            "/v1/chat/completions",          "POST",       1750000000, "receipt-1"};
}

ReceiptFields sample_fields() {
    ReceiptFields fields;
    fields.receipt_id = "rcpt-000000000000000000000001";
    fields.endpoint = "/v1/chat/completions";
    fields.served_at = 1750000000;
    return fields;
}

std::vector<std::string> event_types(const EventLog& log) {
    const std::string text = log.text();
    const auto document = json::Document::parse(text);
    std::vector<std::string> types;
    for (const json::Value& event : document->root().elements())
        types.push_back(*event.find("type")->as_string());
    return types;
}

TEST(Receipt, WritesEventsInTheOrderOfTheDecision) {
    ReceiptFields fields = sample_fields();
    fields.forwarded = ForwardedHash{};
    fields.model_event = ModelEvent{};
    fields.gpu_digest = Digest256{};
    fields.config_sha256 = Digest256{};
    fields.upstream = UpstreamEvent{
        .verified = true, .required = true, .model_id = "m", .session_id = "s", .reason = std::nullopt};
    fields.other_events = {R"({"type":"lumoz.replay","v":1})"};
    fields.completeness = Completeness{.cut_by = CutBy::Client, .bytes = 7};
    EXPECT_EQ(event_types(events_of(fields)),
              (std::vector<std::string>{"request.received", "lumoz.model", "lumoz.gpu", "lumoz.config",
                                        "request.forwarded", "upstream.verified", "lumoz.replay",
                                        "lumoz.completeness", "response.returned"}));
    EXPECT_FALSE(fields.complete());
}

TEST(Receipt, ARefusalHasNoForwardedRequest) {
    EXPECT_EQ(event_types(events_of(sample_fields())),
              (std::vector<std::string>{"request.received", "response.returned"}));
    EXPECT_TRUE(sample_fields().complete());
}

TEST(Receipt, CompletenessNamesWhoCut) {
    const auto text = [](std::optional<CutBy> cut) {
        return EventLog().completeness({.cut_by = cut, .bytes = 12}).text();
    };
    EXPECT_EQ(text(CutBy::Engine),
              R"([{"bytes":12,"complete":false,"cut_by":"engine","type":"lumoz.completeness"}])");
    EXPECT_EQ(text(std::nullopt), R"([{"bytes":12,"complete":true,"type":"lumoz.completeness"}])");
    EXPECT_NE(text(CutBy::Client).find("\"client\""), std::string::npos);
    EXPECT_NE(text(CutBy::Deadline).find("\"deadline\""), std::string::npos);
    EXPECT_NE(text(CutBy::Shutdown).find("\"shutdown\""), std::string::npos);
}

TEST(Receipt, ModelEventIsCanonical) {
    ModelEvent event;
    event.publisher_key = Digest256{};
    const std::string text = EventLog().model(event).text();
    EXPECT_EQ(*json::canonical(text), text);
    EXPECT_NE(text.find(R"("publisher_key":"sha256:00)"), std::string::npos);
    EXPECT_NE(EventLog().model(ModelEvent{}).text().find(R"("publisher_key":null)"), std::string::npos);
}

TEST(Receipt, AFailedUpstreamHasAReasonAndNoSession) {
    const UpstreamEvent event{
        .verified = false, .required = true, .model_id = "m", .session_id = "s", .reason = "tls"};
    EXPECT_EQ(
        EventLog().upstream_verified(event).text(),
        R"([{"model_id":"m","reason":"tls","required":true,"result":"failed","type":"upstream.verified"}])");
}

TEST(Receipt, SignatureStandsWhereTheCanonicalFormPutsIt) {
    const std::string bare = unsigned_receipt(sample_head(), EventLog().request_received({}));
    const std::string whole = signed_receipt(bare, Bytes(64, 0xab));
    EXPECT_EQ(*json::canonical(whole), whole);
    const auto document = json::Document::parse(whole);
    EXPECT_EQ(document->root().find("signature")->as_string()->size(), 128U);
}

/// A text with everything that a JSON string may need escaped.
std::string random_text(std::mt19937& random) {
    static const std::vector<std::string> pieces = {
        "a", "\"", "\\", "\n", "\x01", "/", "é", "漢", "😀", "\x7f", ",\"workload_keyset_digest\":\""};
    std::string out;
    const std::size_t n = random() % 12;
    for (std::size_t i = 0; i < n; ++i)
        out += pieces[random() % pieces.size()];
    return out;
}

Digest256 random_digest(std::mt19937& random) {
    Digest256 out;
    for (auto& byte : out.bytes)
        byte = static_cast<std::uint8_t>(random());
    return out;
}

ReceiptFields random_fields(std::mt19937& random) {
    const auto coin = [&] { return random() % 2 == 0; };
    ReceiptFields fields = sample_fields();
    if (coin()) fields.chat_id = random_text(random);
    if (coin()) fields.model = random_text(random);
    fields.endpoint = random_text(random);
    fields.method = random_text(random);
    fields.served_at = static_cast<UnixTime>(random());
    fields.request = RequestHash(random_digest(random).bytes);
    if (coin()) fields.forwarded = ForwardedHash(random_digest(random).bytes);
    if (coin()) {
        fields.model_event = ModelEvent{random_digest(random), random_text(random), std::nullopt};
        if (coin()) fields.model_event->publisher_key = random_digest(random);
    }
    if (coin()) fields.gpu_digest = random_digest(random);
    if (coin()) fields.config_sha256 = random_digest(random);
    if (coin()) {
        fields.upstream = UpstreamEvent{coin(), coin(), std::nullopt, random_text(random), std::nullopt};
        if (coin()) fields.upstream->model_id = random_text(random);
        if (coin()) fields.upstream->reason = random_text(random);
    }
    if (coin()) fields.completeness = Completeness{CutBy::Engine, (std::uint64_t{1} << 53) - 1};
    return fields;
}

TEST(Receipt, WhatIsBuiltIsItsOwnCanonicalForm) {
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        const ReceiptFields fields = random_fields(random);
        Head head = sample_head();
        head.chat_id = fields.chat_id;
        head.model = fields.model;
        head.endpoint = fields.endpoint;
        head.method = fields.method;
        head.served_at = fields.served_at;
        head.key_id = random_text(random);
        const std::string bare = unsigned_receipt(head, events_of(fields));
        const auto canonical_bare = json::canonical(bare);
        ASSERT_TRUE(canonical_bare) << bare << canonical_bare.error().detail;
        ASSERT_EQ(*canonical_bare, bare);
        const std::string whole = signed_receipt(bare, Bytes(64, 1));
        ASSERT_EQ(*json::canonical(whole), whole);
    }
}

TEST(ReceiptId, HasItsPrefixAnd24HexDigits) {
    const std::string a = new_receipt_id();
    const std::string b = new_receipt_id();
    EXPECT_TRUE(is_receipt_id(a)) << a;
    EXPECT_EQ(a.size(), kReceiptIdSize);
    EXPECT_NE(a, b);
    EXPECT_FALSE(is_receipt_id("rcpt-0001"));
    EXPECT_FALSE(is_receipt_id("rcpt-00000000000000000000000A"));
    EXPECT_FALSE(is_receipt_id("xcpt-000000000000000000000000"));
}

TEST(ResponseId, TakesOnlyWhatMayGoIntoAReceipt) {
    EXPECT_TRUE(is_response_id("chatcmpl-Ab.9_:x"));
    EXPECT_TRUE(is_response_id(std::string(128, 'a')));
    EXPECT_FALSE(is_response_id(std::string(129, 'a')));
    EXPECT_FALSE(is_response_id(""));
    EXPECT_FALSE(is_response_id("a b"));
    EXPECT_FALSE(is_response_id("a/b"));
    EXPECT_FALSE(is_response_id("\xc3\xa9"));
}

// --- shared vectors -------------------------------------------------------------------------------------

Digest256 event_hash(const json::Value& event) {
    return *fixed_from_hex<Digest256>(event.find("body_hash")->as_string()->substr(7));
}

std::optional<std::string> text_or_null(const json::Value& object, std::string_view name) {
    return object.find(name)->as_string();
}

/// Rebuilds the vector's events from their meaning, not from their text.
EventLog rebuild_events(const json::Value& receipt) {
    EventLog log;
    for (const json::Value& event : receipt.find("event_log")->elements()) {
        const std::string type = *event.find("type")->as_string();
        if (type == "request.received") {
            log.request_received(RequestHash(event_hash(event).bytes));
        } else if (type == "request.forwarded") {
            log.request_forwarded(ForwardedHash(event_hash(event).bytes));
        } else if (type == "response.returned") {
            log.response_returned(ResponseHash(event_hash(event).bytes));
        } else if (type == "lumoz.gpu") {
            log.gpu(*fixed_from_hex<Digest256>(*event.find("evidence_sha256")->as_string()));
        } else {
            log.upstream_verified({.verified = event.find("result")->as_string() == "verified",
                                   .required = *event.find("required")->as_bool(),
                                   .model_id = text_or_null(event, "model_id"),
                                   .session_id = text_or_null(event, "session_id"),
                                   .reason = std::nullopt});
        }
    }
    return log;
}

Head rebuild_head(const json::Value& receipt) {
    return {*receipt.find("receipt_id")->as_string(), text_or_null(receipt, "chat_id"),
            text_or_null(receipt, "model"),           *receipt.find("workload_keyset_digest")->as_string(),
            *receipt.find("endpoint")->as_string(),   *receipt.find("method")->as_string(),
            *receipt.find("served_at")->as_int(),     *receipt.find("key_id")->as_string()};
}

/// Public key in hex to the seed that the keyset vectors give for it.
std::map<std::string, std::string> receipt_seeds(const std::filesystem::path& dir) {
    const std::string file = testing::read_file(dir / "api/aci/keyset.json");
    const auto document = json::Document::parse(file, kLarge);
    std::map<std::string, std::string> seeds;
    for (const json::Value& item : document->root().find("cases")->elements()) {
        const std::string seed = *item.find("receipt_seed")->as_string();
        Bytes raw = *from_hex(seed);
        const auto key = crypto::Ed25519Key::from(crypto::Ed25519Seed(std::span<std::uint8_t, 32>(raw)));
        seeds[to_hex(key.public_key().view())] = seed;
    }
    return seeds;
}

TEST(Receipt, AgreesWithTheSharedVectors) {
    const auto dir = testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors here; set LUMOZ_VECTORS";
    const std::string file = testing::read_file(*dir / "api/aci/receipt.json");
    const auto document = json::Document::parse(file, kLarge);
    ASSERT_TRUE(document) << document.error().detail;
    const auto seeds = receipt_seeds(*dir);
    std::size_t rebuilt = 0;
    std::size_t signed_again = 0;
    for (const json::Value& item : document->root().find("cases")->elements()) {
        SCOPED_TRACE(*item.find("id")->as_string());
        const json::Value receipt = *item.find("receipt");
        const std::string bare = unsigned_receipt(rebuild_head(receipt), rebuild_events(receipt));
        EXPECT_EQ(to_hex(crypto::sha256(as_bytes(bare)).view()),
                  *item.find("signing_input_sha256")->as_string());
        ++rebuilt;
        if (!*item.find("expect")->find("valid")->as_bool()) continue;
        const json::Value key = item.find("keyset")->find("receipt_signing_keys")->elements().front();
        const auto seed = seeds.find(*key.find("public_key")->as_string());
        if (seed == seeds.end()) continue;
        Bytes raw = *from_hex(seed->second);
        const auto signer = crypto::Ed25519Key::from(crypto::Ed25519Seed(std::span<std::uint8_t, 32>(raw)));
        const std::string whole = signed_receipt(bare, signer.sign(as_bytes(bare)).view());
        EXPECT_EQ(whole, json::canonical(receipt));
        ++signed_again;
    }
    EXPECT_GE(rebuilt, 14U);
    EXPECT_GE(signed_again, 5U);
}

}  // namespace
}  // namespace lumoz::receipt

// SPDX-License-Identifier: Apache-2.0
#include "tee/qgs_message.hpp"

#include "tee/testing/fake_quote_service.hpp"

#include <gtest/gtest.h>

namespace lumoz::tee {
namespace {

using testing::QgsAnswer;

std::string rule(const QgsAnswer& answer) {
    const auto quote = parse_qgs_quote(answer.message());
    return quote ? std::string() : std::string(quote.error().rule);
}

TEST(QgsMessage, TheRequestIsAsTheServiceWantsIt) {
    const Bytes report(1024, 7);
    const Bytes request = qgs_quote_request(report);
    ASSERT_EQ(request.size(), 4U + 16 + 8 + 1024);
    const Bytes head = {0,    0,    4, 0x18,               // 1,048 bytes follow, big-endian
                        1,    0,    0, 0,                  // version
                        0,    0,    0, 0,                  // get quote
                        0x18, 0x04, 0, 0,    0, 0, 0, 0,   // size, no error
                        0,    4,    0, 0,    0, 0, 0, 0};  // a report of 1,024 bytes, no ids
    EXPECT_EQ(Bytes(request.begin(), request.begin() + 28), head);
    EXPECT_EQ(Bytes(request.begin() + 28, request.end()), report);
}

TEST(QgsMessage, ReadsTheQuoteBehindTheId) {
    const auto plain = parse_qgs_quote(QgsAnswer{.quote = {1, 2, 3}}.message());
    ASSERT_TRUE(plain);
    EXPECT_EQ(*plain, (Bytes{1, 2, 3}));
    const auto with_id = parse_qgs_quote(QgsAnswer{.minor = 9, .id = Bytes(16, 5), .quote = {4}}.message());
    ASSERT_TRUE(with_id);
    EXPECT_EQ(*with_id, Bytes{4});
}

TEST(QgsMessage, RefusesAnotherVersion) {
    EXPECT_EQ(rule({.major = 0, .quote = {1}}), "E_TEE_ANSWER");
    EXPECT_EQ(rule({.major = 2, .quote = {1}}), "E_TEE_ANSWER");
    EXPECT_EQ(rule({.major = 0x0101, .quote = {1}}), "E_TEE_ANSWER");
}

TEST(QgsMessage, RefusesAnotherType) {
    for (const std::uint32_t type : {0U, 2U, 3U, 5U, 0x01000000U})
        EXPECT_EQ(rule({.type = type, .quote = {1}}), "E_TEE_ANSWER") << type;
}

TEST(QgsMessage, PassesOnTheErrorOfTheService) {
    const QgsAnswer answer{.type = 3, .error = 0x00012003, .body = false};
    const auto quote = parse_qgs_quote(answer.message());
    ASSERT_FALSE(quote);
    EXPECT_EQ(quote.error().rule, "E_TEE_REFUSED");
    EXPECT_EQ(quote.error().detail, "error 0x00012003 (invalid parameter)");
    for (const std::uint32_t error : {1U, 0x00012000U, 0x00012008U, 0xffffffffU}) {
        const auto other = parse_qgs_quote(QgsAnswer{.error = error, .quote = {1}}.message());
        ASSERT_FALSE(other);
        EXPECT_NE(other.error().detail.find("no error of the protocol's own"), std::string::npos) << error;
    }
}

TEST(QgsMessage, RefusesLengthsThatDoNotAddUp) {
    const Bytes quote(100, 1);
    EXPECT_EQ(rule({.quote = quote, .size = 123}), "E_TEE_ANSWER");
    EXPECT_EQ(rule({.quote = quote, .size = 125}), "E_TEE_ANSWER");
    EXPECT_EQ(rule({.quote = quote, .size = 0}), "E_TEE_ANSWER");
    EXPECT_EQ(rule({.quote = quote, .quote_size = 99}), "E_TEE_ANSWER");
    EXPECT_EQ(rule({.quote = quote, .quote_size = 101}), "E_TEE_ANSWER");
    EXPECT_EQ(rule({.quote = quote, .id_size = 1}), "E_TEE_ANSWER");
    // Both together are 100 only where 32 bits run over.
    EXPECT_EQ(rule({.quote = quote, .id_size = 0xffffffff, .quote_size = 101}), "E_TEE_ANSWER");
    EXPECT_EQ(rule({.body = false}), "E_TEE_ANSWER");
}

TEST(QgsMessage, RefusesEveryCutAndEveryExtension) {
    const Bytes whole = QgsAnswer{.id = {1, 2}, .quote = Bytes(40, 3)}.message();
    ASSERT_TRUE(parse_qgs_quote(whole));
    for (std::size_t n = 0; n < whole.size(); ++n)
        EXPECT_FALSE(parse_qgs_quote(ByteView(whole).first(n))) << n;
    Bytes more = whole;
    more.push_back(0);
    EXPECT_FALSE(parse_qgs_quote(more));
}

TEST(QgsMessage, AnEmptyQuoteIsAFailure) {
    EXPECT_EQ(rule({}), "E_TEE_EMPTY");
    EXPECT_EQ(rule({.id = {1}}), "E_TEE_EMPTY");
}

TEST(QgsMessage, BoundsTheQuote) {
    EXPECT_EQ(rule({.quote = Bytes(65536)}), "");
    EXPECT_EQ(rule({.quote = Bytes(65537)}), "E_TEE_TOO_LARGE");
}

TEST(QgsMessage, BoundsTheMessageBeforeItIsRead) {
    const auto size = [](std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
        const auto out = qgs_message_size(Bytes{a, b, c, d});
        return out ? std::to_string(*out) : std::string(out.error().rule);
    };
    EXPECT_EQ(size(0, 0, 0, 16), "16");
    EXPECT_EQ(size(0, 0, 0, 15), "E_TEE_ANSWER");
    EXPECT_EQ(size(0, 0, 0, 0), "E_TEE_ANSWER");
    EXPECT_EQ(size(0, 1, 0x10, 0x18), std::to_string(kMaxQgsMessage));
    EXPECT_EQ(size(0, 1, 0x10, 0x19), "E_TEE_TOO_LARGE");
    EXPECT_EQ(size(0xff, 0xff, 0xff, 0xff), "E_TEE_TOO_LARGE");
}

}  // namespace
}  // namespace lumoz::tee

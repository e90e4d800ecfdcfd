// SPDX-License-Identifier: Apache-2.0
#include "tee/http_answer.hpp"

#include <gtest/gtest.h>

namespace lumoz::tee {
namespace {

constexpr std::size_t kMax = 64;
const std::string kSized = "HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\nX: y\r\n\r\nhello";
const std::string kChunked =
    "HTTP/1.1 400 Bad\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: v\r\n\r\n";

/// The rule of the failure, or "" when nothing failed.
std::string rule_of(std::string_view bytes) {
    HttpAnswerParser parser(kMax);
    const Status fed = parser.feed(bytes);
    return fed ? std::string() : std::string(fed.error().rule);
}

TEST(HttpAnswer, ReadsBothLengthsCutAtEveryByte) {
    for (const std::string& text : {kSized, kChunked}) {
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            HttpAnswerParser parser(kMax);
            ASSERT_TRUE(parser.feed(std::string_view(text).substr(0, cut)));
            ASSERT_EQ(parser.done(), cut == text.size()) << cut;
            if (cut < text.size()) {
                ASSERT_TRUE(parser.feed(std::string_view(text).substr(cut)));
            }
            ASSERT_TRUE(parser.done());
            EXPECT_EQ(std::move(parser).take().body, "hello");
        }
    }
}

TEST(HttpAnswer, TheLargestHeadIsTheSameInOnePieceAndInMany) {
    const std::string start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ";
    for (const std::size_t size : {HttpAnswerParser::kMaxHead, HttpAnswerParser::kMaxHead + 1}) {
        const std::string text = start + std::string(size - start.size(), 'a') + "\r\n\r\n";
        EXPECT_EQ(rule_of(text), size == HttpAnswerParser::kMaxHead ? "" : "E_TEE_TOO_LARGE");
        HttpAnswerParser parser(kMax);
        bool good = true;
        for (const char c : text) {
            good = good && parser.feed({&c, 1});
        }
        EXPECT_EQ(good && parser.done(), size == HttpAnswerParser::kMaxHead);
    }
}

TEST(HttpAnswer, GivesTheStatus) {
    HttpAnswerParser parser(kMax);
    ASSERT_TRUE(parser.feed(kChunked));
    EXPECT_EQ(std::move(parser).take().status, 400);
}

TEST(HttpAnswer, AcceptsAnEmptyBody) {
    HttpAnswerParser parser(kMax);
    ASSERT_TRUE(parser.feed("HTTP/1.1 204\r\nContent-Length: 0\r\n\r\n"));
    EXPECT_TRUE(parser.done());
}

TEST(HttpAnswer, RefusesWhatIsNoAnswer) {
    const std::string_view cases[] = {
        "SPDY/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 20\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    };
    for (const std::string_view text : cases) {
        EXPECT_EQ(rule_of(text), "E_TEE_ANSWER") << text;
    }
}

TEST(HttpAnswer, RefusesWhatIsTooLarge) {
    EXPECT_EQ(rule_of("HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n"), "E_TEE_TOO_LARGE");
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(rule_of(chunked + "41\r\n"), "E_TEE_TOO_LARGE");
    EXPECT_EQ(rule_of(chunked + "40\r\n" + std::string(64, 'a') + "\r\n1\r\n"), "E_TEE_TOO_LARGE");
    EXPECT_EQ(rule_of(std::string(20000, 'a')), "E_TEE_TOO_LARGE");
    EXPECT_EQ(rule_of(chunked + std::string(300, '0')), "E_TEE_ANSWER");
    std::string trailer = chunked + "0\r\n";
    for (int i = 0; i < 30; ++i) {
        trailer += "T: " + std::string(200, 'a') + "\r\n";
    }
    EXPECT_EQ(rule_of(trailer), "E_TEE_TOO_LARGE");
}

}  // namespace
}  // namespace lumoz::tee

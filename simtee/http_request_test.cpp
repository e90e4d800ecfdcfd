// SPDX-License-Identifier: Apache-2.0
#include "simtee/http_request.hpp"

#include <gtest/gtest.h>

namespace lumoz::simtee {
namespace {

/// Status of the fault, 0 for a whole request, -1 while bytes are missing.
int status_of(std::string_view bytes) {
    HttpRequestParser parser;
    parser.feed(bytes);
    const auto request = parser.next();
    if (!request) return request.error().status;
    return *request ? 0 : -1;
}

TEST(SimHttp, ReadsARequestCutAtEveryByte) {
    const std::string text = "POST /GetQuote?a=b HTTP/1.1\r\nHost: x\r\ncontent-length: 5\r\n\r\nhello";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        HttpRequestParser parser;
        parser.feed(text.substr(0, cut));
        auto request = parser.next();
        ASSERT_TRUE(request);
        ASSERT_EQ(request->has_value(), cut == text.size());
        if (cut == text.size()) {
            EXPECT_EQ((*request)->method, "POST");
            EXPECT_EQ((*request)->path, "/GetQuote");
            EXPECT_EQ((*request)->query, "a=b");
            EXPECT_EQ((*request)->body, "hello");
            EXPECT_TRUE((*request)->keep_alive);
        }
    }
}

TEST(SimHttp, ReadsRequestsInARow) {
    HttpRequestParser parser;
    parser.feed("GET /Info HTTP/1.1\r\n\r\nGET /Version HTTP/1.0\r\n\r\n");
    EXPECT_EQ((*parser.next())->path, "/Info");
    const auto second = parser.next();
    EXPECT_EQ((*second)->path, "/Version");
    EXPECT_FALSE((*second)->keep_alive);
    EXPECT_FALSE(parser.next()->has_value());
}

TEST(SimHttp, ReadsTheAbsoluteFormOfSomeSdks) {
    HttpRequestParser parser;
    parser.feed("GET http://unix.socket/Info?a=b HTTP/1.1\r\n\r\nGET http://unix.socket HTTP/1.1\r\n\r\n");
    const auto request = parser.next();
    EXPECT_EQ((*request)->path, "/Info");
    EXPECT_EQ((*request)->query, "a=b");
    EXPECT_FALSE(parser.next()) << "no path";
}

TEST(SimHttp, HeedsConnectionClose) {
    HttpRequestParser parser;
    parser.feed("GET /Info HTTP/1.1\r\nConnection: Close\r\n\r\n");
    EXPECT_FALSE((*parser.next())->keep_alive);
}

TEST(SimHttp, RefusesWhatIsOutOfForm) {
    const std::string_view cases[] = {
        "garbage\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/2\r\n\r\n",
        "GET x HTTP/1.1\r\n\r\n",
        "GET / x HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\n : x\r\n\r\n",
        "GET / HTTP/1.1\r\nA : x\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length:\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
    };
    for (const std::string_view text : cases) {
        EXPECT_EQ(status_of(text), 400) << text;
    }
    EXPECT_EQ(status_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
    EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n"), 413);
    EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"), 413);
    EXPECT_EQ(status_of(std::string(20000, 'a')), 431);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA: " + std::string(20000, 'a') + "\r\n\r\n"), 431);
}

TEST(SimHttp, ErrorTextIsJson) {
    EXPECT_EQ(error_json("a\"b"), R"({"error":"a\"b"})");
}

}  // namespace
}  // namespace lumoz::simtee

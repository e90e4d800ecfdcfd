// SPDX-License-Identifier: Apache-2.0
#include "net/http.hpp"

#include "net/client.hpp"

#include <gtest/gtest.h>

#include <array>

namespace lumoz::net {
namespace {

std::string rule_of(std::string_view head) {
    RequestHead out;
    std::size_t from = 0;
    const auto found = find_head(head, from, {});
    if (!found) return std::string(found.error().rule);
    if (!*found) return "incomplete";
    const Status parsed = parse_request_head(head.substr(0, **found), {}, out);
    return parsed ? "ok" : std::string(parsed.error().rule);
}

struct Shape {
    std::string_view name;
    std::string_view head;
    std::string_view rule;
};

// Shapes that two readers could take apart differently.
constexpr std::array kSmuggling = {
    Shape{"length and chunked",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
          "E_HTTP_FRAMING"},
    Shape{"chunked and length",
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
          "E_HTTP_FRAMING"},
    Shape{"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
          "E_HTTP_FRAMING"},
    Shape{"two equal lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
          "E_HTTP_FRAMING"},
    Shape{"length list", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n", "E_HTTP_FRAMING"},
    Shape{"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n", "E_HTTP_FRAMING"},
    Shape{"negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\n", "E_HTTP_FRAMING"},
    Shape{"hex length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\n", "E_HTTP_FRAMING"},
    Shape{"huge length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
          "E_HTTP_FRAMING"},
    Shape{"empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", "E_HTTP_FRAMING"},
    Shape{"other coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "E_HTTP_ENCODING"},
    Shape{"coding list", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
          "E_HTTP_ENCODING"},
    Shape{"two codings",
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
          "E_HTTP_FRAMING"},
    Shape{"quoted coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n",
          "E_HTTP_ENCODING"},
    Shape{"chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "E_HTTP_FRAMING"},
    Shape{"space before colon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"obs-fold", "POST / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"folded coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
          "E_HTTP_REQUEST"},
    Shape{"bare LF", "POST / HTTP/1.1\nHost: a\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"bare LF in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"bare CR", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"space first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"no name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"no colon", "GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"no host", "GET / HTTP/1.1\r\nX: a\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "E_HTTP_VERSION"},
    Shape{"version 0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", "E_HTTP_VERSION"},
    Shape{"no version", "GET /\r\nHost: a\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"control in target", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"control in value", "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", "E_HTTP_REQUEST"},
    Shape{"plain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "ok"},
    Shape{"1.0 without host", "GET / HTTP/1.0\r\n\r\n", "ok"},
    Shape{"absolute target", "GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n", "ok"},
    Shape{"chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", "ok"},
    Shape{"tab around value", "GET / HTTP/1.1\r\nHost:\t a \t\r\n\r\n", "ok"},
};

TEST(HttpRequestHead, RefusesWhatTwoReadersTakeApartDifferently) {
    for (const Shape& shape : kSmuggling) {
        EXPECT_EQ(rule_of(shape.head), shape.rule) << shape.name;
    }
}

TEST(HttpRequestHead, RefusesNulEverywhere) {
    const std::string good = "GET /a HTTP/1.1\r\nHost: a\r\nX: yz\r\n\r\n";
    for (std::size_t i = 0; i + 4 < good.size(); ++i) {
        std::string bent = good;
        bent[i] = '\0';
        EXPECT_NE(rule_of(bent), "ok") << i;
    }
}

TEST(HttpRequestHead, IsIncompleteAtEveryCut) {
    const std::string good = "GET /a HTTP/1.1\r\nHost: a\r\nX: yz\r\n\r\n";
    for (std::size_t i = 0; i < good.size(); ++i) {
        EXPECT_EQ(rule_of(good.substr(0, i)), "incomplete") << i;
    }
    EXPECT_EQ(rule_of(good), "ok");
}

TEST(HttpRequestHead, ReadsItsParts) {
    RequestHead head;
    const std::string text =
        "POST /v1/x?a=b?c HTTP/1.1\r\nHost: h:1\r\nContent-Length: 12\r\nExpect: 100-Continue\r\nConnection: "
        "a, Close\r\n\r\n";
    ASSERT_TRUE(parse_request_head(text, {}, head));
    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.path(), "/v1/x");
    EXPECT_EQ(head.query(), "a=b?c");
    EXPECT_EQ(head.headers.get("HOST"), "h:1");
    EXPECT_EQ(head.content_length, 12U);
    EXPECT_TRUE(head.expect_continue);
    EXPECT_FALSE(head.keep_alive);
    EXPECT_FALSE(head.chunked);
}

TEST(HttpRequestHead, BoundsBytesAndFields) {
    EXPECT_EQ(rule_of("GET / HTTP/1.1\r\nX: " + std::string(40'000, 'a')), "E_HTTP_HEAD_TOO_LARGE");
    std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 100; ++i) {
        many += "X: 1\r\n";
    }
    EXPECT_EQ(rule_of(many + "\r\n"), "E_HTTP_HEAD_TOO_LARGE");
}

TEST(HttpHeaders, KeepsOrderAndFindsInAnyCase) {
    Headers headers{{"A", "1"}, {"b", "2"}, {"a", "3"}};
    EXPECT_EQ(headers.get("a"), "1");
    EXPECT_EQ(headers.count("A"), 2U);
    headers.set("a", headers[0].value);
    ASSERT_EQ(headers.size(), 2U);
    EXPECT_EQ(headers[1].name, "a");
    EXPECT_EQ(headers[1].value, "1");
    EXPECT_FALSE(headers.find("c"));
}

TEST(HttpHeaders, RefusesToSendWhatChangesTheStructure) {
    EXPECT_TRUE(is_sendable({"X-A", "b c"}));
    EXPECT_FALSE(is_sendable({"X-A", "b\r\nC: d"}));
    EXPECT_FALSE(is_sendable({"X A", "b"}));
    EXPECT_FALSE(is_sendable({"", "b"}));
}

std::string decode(std::string_view text, std::size_t piece, std::string& rule) {
    ChunkDecoder decoder;
    std::string out;
    std::string pending;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        pending.append(text.substr(at, piece));
        while (!pending.empty() && !decoder.done()) {
            const auto step = decoder.next(as_bytes(pending));
            if (!step) {
                rule = step.error().rule;
                return out;
            }
            out.append(as_text(step->data));
            pending.erase(0, step->used);
        }
    }
    rule = decoder.done() ? "done" : "incomplete";
    return out;
}

TEST(HttpChunkDecoder, GivesTheSameContentInAnyPieces) {
    const std::string text = "3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\n";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        std::string rule;
        EXPECT_EQ(decode(text, piece, rule), "abc0123456789");
        EXPECT_EQ(rule, "done");
    }
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
        std::string rule;
        (void)decode(text.substr(0, cut), 7, rule);
        EXPECT_EQ(rule, "incomplete") << cut;
    }
}

TEST(HttpChunkDecoder, RefusesWhatIsNotExact) {
    for (const std::string_view bad :
         {"\r\n", "g\r\n", "3\nabc\r\n", "3\r\nabcd", "3\r\nabc\n", "-1\r\n", "0x3\r\n", " 3\r\n", "3 \r\n",
          "1000000000000000\r\n", "3\r\r\n", "0\r\nA\n\r\n", "3;a\nb\r\n", "0\r\n\rX"}) {
        std::string rule;
        (void)decode(bad, 3, rule);
        EXPECT_EQ(rule, "E_HTTP_CHUNK") << bad;
    }
    std::string rule;
    (void)decode("1;" + std::string(20'000, 'x'), 100, rule);
    EXPECT_EQ(rule, "E_HTTP_CHUNK");
}

TEST(HttpResponseHead, ReadsFramingAndRefusesAmbiguity) {
    ResponseHead head;
    ASSERT_TRUE(parse_response_head("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n", {}, head));
    EXPECT_EQ(head.status, 404);
    EXPECT_EQ(head.content_length, 5U);
    EXPECT_TRUE(head.keep_alive);
    const Status both = parse_response_head(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", {}, head);
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error().rule, "E_HTTP_FRAMING");
    const Status garbage = parse_response_head("SSH-2.0-x\r\n\r\n", {}, head);
    ASSERT_FALSE(garbage);
    EXPECT_EQ(garbage.error().rule, "E_HTTP_RESPONSE");
}

TEST(Url, ReadsTheThreeSchemes) {
    const auto http = parse_url("http://Example.org/v1/");
    ASSERT_TRUE(http);
    EXPECT_EQ(http->host, "Example.org");
    EXPECT_EQ(http->port, 80);
    EXPECT_EQ(http->prefix, "/v1");
    EXPECT_FALSE(http->is_loopback());
    const auto https = parse_url("https://[::1]:8443");
    ASSERT_TRUE(https);
    EXPECT_EQ(https->host, "::1");
    EXPECT_EQ(https->authority(), "[::1]:8443");
    EXPECT_TRUE(https->is_loopback());
    const auto unix_url = parse_url("unix:/run/a.sock:/api");
    ASSERT_TRUE(unix_url);
    EXPECT_EQ(unix_url->socket_path, "/run/a.sock");
    EXPECT_EQ(unix_url->prefix, "/api");
}

TEST(Url, RefusesEverythingElse) {
    for (const std::string_view bad : {"", "ftp://a", "http://", "http://a:0", "http://a:99999",
                                       "http://a:", "http://u@a", "http://a b", "http://a/?q", "http://a/#f",
                                       "unix:relative", "unix:/a:b", "http://[::1", "http://a:1:2", "a:80"}) {
        const auto url = parse_url(bad);
        ASSERT_FALSE(url) << bad;
        EXPECT_EQ(url.error().rule, "E_URL");
    }
}

}  // namespace
}  // namespace lumoz::net

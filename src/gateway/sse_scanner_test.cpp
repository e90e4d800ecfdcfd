// SPDX-License-Identifier: Apache-2.0
#include "gateway/sse_scanner.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

struct Case {
    std::string name;
    std::string stream;
    std::size_t terminal_at;  ///< npos: none
    bool finished;
};

const std::vector<Case> kCases{
    {"chat", "data: {\"id\":\"a\"}\n\ndata: [DONE]\n\n", 18, true},
    {"chat_crlf", "data: {\"id\":\"a\"}\r\n\r\ndata: [DONE]\r\n\r\n", 20, true},
    {"chat_cr", "data: 1\r\rdata: [DONE]\r\r", 9, true},
    {"no_space", "data: 1\n\ndata:[DONE]\n\n", 9, true},
    {"messages", "event: a\ndata: 1\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", 18, true},
    {"responses", "event: response.created\ndata: 1\n\nevent: response.completed\ndata: 2\n\n", 33, true},
    {"failed", "event: response.failed\ndata: 2\n\n", 0, true},
    {"incomplete", "event: response.incomplete\ndata: 2\n\n", 0, true},
    {"longer_word", "event: response.completed_not\ndata: 2\n\n", std::string::npos, false},
    {"inside_a_line", "data: x data: [DONE]\n\n", std::string::npos, false},
    {"behind_text", "data: [DONE] \n\n", std::string::npos, false},
    {"comment", ": data: [DONE]\n\ndata: 1\n\n", std::string::npos, false},
    {"no_end", "data: 1\n\n", std::string::npos, false},
    {"terminal_cut", "data: 1\n\ndata: [DONE]\n", 9, false},
    {"indented", " data: [DONE]\n\n", std::string::npos, false},
    {"quoted_newline", "data: {\"c\":\"\\ndata: [DONE]\"}\n\n", std::string::npos, false},
};

/// Feeds the stream cut at `cuts`, and checks what may leave after each piece.
void run(const Case& c, const std::vector<std::size_t>& cuts) {
    SseScanner scanner;
    std::size_t begin = 0;
    std::uint64_t last = 0;
    for (std::size_t i = 0; i <= cuts.size(); ++i) {
        const std::size_t end = i < cuts.size() ? cuts[i] : c.stream.size();
        const std::uint64_t free =
            scanner.feed(as_bytes(std::string_view(c.stream).substr(begin, end - begin)));
        EXPECT_GE(free, last);
        EXPECT_LE(free, std::min(c.terminal_at, end));
        // Nothing is held but the event that is not whole, and the second half of its CRLF.
        const std::string_view held = std::string_view(c.stream).substr(free, end - free);
        if (c.terminal_at == std::string::npos) EXPECT_EQ(held.find("\n\n"), std::string_view::npos);
        last = free;
        begin = end;
    }
    EXPECT_EQ(scanner.terminal(), c.terminal_at != std::string::npos) << c.name;
    EXPECT_EQ(scanner.finished(), c.finished) << c.name;
    EXPECT_EQ(scanner.total(), c.stream.size());
    if (scanner.terminal()) EXPECT_EQ(last, c.terminal_at) << c.name;
}

TEST(SseScanner, HoldsTheTerminalEventWhereverTheStreamIsCut) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.name);
        run(c, {});
        for (std::size_t i = 0; i <= c.stream.size(); ++i)
            run(c, {i});
        for (std::size_t i = 0; i <= c.stream.size(); ++i)
            for (std::size_t j = i; j <= c.stream.size(); ++j)
                run(c, {i, j});
        std::vector<std::size_t> each;
        for (std::size_t i = 1; i < c.stream.size(); ++i)
            each.push_back(i);
        run(c, each);
    }
}

TEST(SseScanner, WholeEventsLeaveAtOnce) {
    SseScanner scanner;
    const std::string event = "data: {\"id\":\"x\"}\n\n";
    for (std::uint64_t i = 1; i <= 5; ++i)
        EXPECT_EQ(scanner.feed(as_bytes(event)), i * event.size());
}

TEST(SseScanner, APieceOfAnEventWaitsForTheRest) {
    SseScanner scanner;
    EXPECT_EQ(scanner.feed(as_bytes("data: 1\n\ndata: {\"co")), 9U);
    EXPECT_EQ(scanner.event_begin(), 9U);
    EXPECT_EQ(scanner.feed(as_bytes("ntent\":1}\n")), 9U);
    EXPECT_EQ(scanner.feed(as_bytes("\n")), scanner.total());
    EXPECT_EQ(scanner.event_begin(), scanner.total());
}

TEST(SseScanner, ALongEventLeavesInPiecesUpToATerminalLine) {
    for (const std::size_t piece : {1'000U, 70'000U, 1'000'000U}) {
        SseScanner scanner;
        const std::string begin = "data: " + std::string(SseScanner::kMaxEvent, 'x') + "\n";
        const std::string stream = begin + "data: [DONE]\n\n";
        std::uint64_t free = 0;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            const std::uint64_t now = scanner.feed(as_bytes(std::string_view(stream).substr(at, piece)));
            EXPECT_GE(now, free);
            free = now;
        }
        EXPECT_EQ(free, begin.size()) << piece;
        EXPECT_TRUE(scanner.finished());
    }
}

TEST(SseScanner, NothingLeavesBehindTheTerminalLine) {
    SseScanner scanner;
    scanner.feed(as_bytes("data: [DONE]\n\n"));
    EXPECT_EQ(scanner.feed(as_bytes("data: more\n\n")), 0U);
    EXPECT_TRUE(scanner.terminal());
}

}  // namespace
}  // namespace lumoz::gateway

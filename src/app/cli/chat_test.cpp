// SPDX-License-Identifier: Apache-2.0
#include "app/cli/chat.hpp"

#include "base/json.hpp"

#include <gtest/gtest.h>

namespace lumoz::app {
namespace {

constexpr std::string_view kStream =
    ": comment\n"
    "data: {\"id\":\"chatcmpl-7\",\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"
    "data: {\"id\":\"chatcmpl-7\",\"choices\":[{\"delta\":{\"content\":\"Gr\\u00fc\"}}]}\r\n\r\n"
    "data:{\"id\":\"chatcmpl-7\",\"choices\":[{\"delta\":{\"content\":\"ße 👋\"}}]}\n\n"
    "data: not json\n\n"
    "data: {\"choices\":[]}\n\n"
    "data: [DONE]\n\n"
    "event: proof\ndata: {\"id\":\"x\",\"choices\":[{\"delta\":{\"content\":\"no\"}}]}\n\n";

TEST(ChatStream, ReadsTextWhereverItIsCut) {
    for (std::size_t cut = 0; cut <= kStream.size(); ++cut) {
        ChatStream stream;
        std::string text = stream.feed(as_bytes(kStream.substr(0, cut)));
        text += stream.feed(as_bytes(kStream.substr(cut)));
        ASSERT_EQ(text, "Grüße 👋") << cut;
        ASSERT_EQ(stream.text(), text);
        ASSERT_EQ(stream.id(), "chatcmpl-7");
        ASSERT_EQ(stream.events(), 2u);
        ASSERT_TRUE(stream.done());
    }
}

TEST(ChatStream, IsNotDoneWithoutItsTerminalEvent) {
    ChatStream stream;
    stream.feed(as_bytes(kStream.substr(0, kStream.find("data: [DONE]") + 12)));
    EXPECT_FALSE(stream.done());
}

TEST(ChatBody, EscapesThePrompt) {
    const std::string body = chat_body({.model = "m", .prompt = "a\"\n\\b", .stream = true, .max_tokens = 5});
    const auto document = json::Document::parse(body);
    ASSERT_TRUE(document);
    EXPECT_EQ(document->root().find("messages")->elements()[0].find("content")->as_string(), "a\"\n\\b");
    EXPECT_EQ(document->root().find("max_tokens")->as_int(), 5);
    EXPECT_EQ(document->root().find("stream")->as_bool(), true);
}

TEST(ChatAnswer, TakesIdAndText) {
    const auto answer = chat_answer(R"({"id":"c1","choices":[{"message":{"content":"Hi"}}]})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->id, "c1");
    EXPECT_EQ(answer->text, "Hi");
    EXPECT_EQ(chat_answer("{}").error().rule, "E_ANSWER_FORM");
    EXPECT_EQ(chat_answer("garbage").error().rule, "E_ANSWER_FORM");
}

TEST(ProofId, AnEngineCannotChooseThePathThatIsAsked) {
    EXPECT_EQ(proof_id("chatcmpl-1", "rcpt-1"), "chatcmpl-1");
    for (const char* id : {"", "../../x", "a/b", "a?b", "a b\r\nX: 1", "a..b", "%2e", "a\x1b"})
        EXPECT_EQ(proof_id(id, "rcpt-1"), "rcpt-1") << id;
}

}  // namespace
}  // namespace lumoz::app

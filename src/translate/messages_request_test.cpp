// SPDX-License-Identifier: Apache-2.0
// What a Messages request becomes. The peer's own cases are those of vectors/api/peer, run by lumoz-vectors.
#include "translate/testing.hpp"

namespace lumoz::translate {
namespace {

using testing::chat_of_messages;
using testing::refusal_of_messages;

/// A request of one turn whose content is `content`.
std::string user(std::string_view content) {
    return R"({"model":"m","messages":[{"role":"user","content":)" + std::string(content) + "}]}";
}

TEST(MessagesRequest, TextsKeepTheirBytes) {
    EXPECT_EQ(chat_of_messages(R"({"model":"m\u0041","max_tokens":1e2,"temperature":0.70,
                                   "messages":[{"role":"user","content":"caf\u00e9 \/ \ud83d\ude00"}]})"),
              R"({"model":"m\u0041","messages":[{"role":"user","content":"caf\u00e9 \/ \ud83d\ude00"}],)"
              R"("max_tokens":1e2,"temperature":0.70})");
}

TEST(MessagesRequest, SystemBlocksAreJoined) {
    EXPECT_EQ(
        chat_of_messages(R"({"system":[{"type":"text","text":"a\n","cache_control":{"type":"ephemeral"}},
                                  {"type":"text","text":"b"}],"messages":[]})"),
        R"({"messages":[{"role":"system","content":"a\nb"}]})");
    EXPECT_EQ(chat_of_messages(R"({"system":[],"messages":[]})"), R"({"messages":[]})");
    EXPECT_EQ(refusal_of_messages(R"({"system":[{"type":"image"}],"messages":[]})"),
              "system[0]: only text blocks can be translated here");
}

TEST(MessagesRequest, BlocksOfAUserAreParts) {
    EXPECT_EQ(chat_of_messages(user(R"([{"type":"text","text":"one"}])")),
              R"({"model":"m","messages":[{"role":"user","content":"one"}]})");
    EXPECT_EQ(
        chat_of_messages(user(
            R"([{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}},
                {"type":"image","source":{"type":"url","url":"https://x/y.png"}},{"type":"text","text":"what?"}])")),
        R"({"model":"m","messages":[{"role":"user","content":[)"
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}},)"
        R"({"type":"image_url","image_url":{"url":"https://x/y.png"}},{"type":"text","text":"what?"}]}]})");
}

TEST(MessagesRequest, ToolResultsAreTurnsAndTheirImagesFollow) {
    EXPECT_EQ(chat_of_messages(user(R"([{"type":"tool_result","tool_use_id":"a","content":[
                  {"type":"text","text":"see"},{"type":"image","source":{"type":"url","url":"u"}}]},
                  {"type":"tool_result","tool_use_id":"b","is_error":true},{"type":"text","text":"go on"}])")),
              R"({"model":"m","messages":[{"role":"tool","tool_call_id":"a","content":"see"},)"
              R"({"role":"tool","tool_call_id":"b","content":""},)"
              R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}},)"
              R"({"type":"text","text":"go on"}]}]})");
    EXPECT_EQ(refusal_of_messages(user(
                  R"([{"type":"text","text":"x"},{"type":"tool_result","tool_use_id":"a","content":"r"}])")),
              "messages[0].content[1]: tool_result blocks must come first in a user's turn");
}

TEST(MessagesRequest, AnAssistantsTurnKeepsThoughtsTextAndCalls) {
    EXPECT_EQ(chat_of_messages(R"({"messages":[{"role":"assistant","content":[
                  {"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"zz"},
                  {"type":"text","text":"a"},{"type":"text","text":"b"},
                  {"type":"tool_use","id":"c1","name":"f","input":{ "x" : 1.0, "y": "a \" b" }},
                  {"type":"tool_use","id":"c2","name":"g"}]}]})"),
              R"({"messages":[{"role":"assistant","content":"ab","reasoning_content":"hm","tool_calls":[)"
              R"({"id":"c1","type":"function","function":{"name":"f","arguments":)"
              R"("{\"x\":1.0,\"y\":\"a \\\" b\"}"}},)"
              R"({"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]}]})");
    EXPECT_EQ(chat_of_messages(R"({"messages":[{"role":"assistant","content":[
                  {"type":"tool_use","id":"c","name":"f","input":{}}]}]})"),
              R"({"messages":[{"role":"assistant","content":null,"tool_calls":[)"
              R"({"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}]})");
}

TEST(MessagesRequest, ToolsAndTheirChoice) {
    EXPECT_EQ(chat_of_messages(R"({"messages":[],"tools":[{"type":"custom","name":"f","description":"d",
                  "input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral"}}],
                  "tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}})"),
              R"({"messages":[],"tools":[{"type":"function","function":{"name":"f","description":"d",)"
              R"("parameters":{"type":"object"},"strict":true}}],)"
              R"("tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false})");
    for (const auto& [from, to] :
         {std::pair("auto", "auto"), std::pair("any", "required"), std::pair("none", "none")}) {
        EXPECT_EQ(chat_of_messages(R"({"messages":[],"tool_choice":{"type":")" + std::string(from) + "\"}}"),
                  R"({"messages":[],"tool_choice":")" + std::string(to) + "\"}");
    }
}

TEST(MessagesRequest, StopsThinkingAndFormats) {
    EXPECT_EQ(chat_of_messages(R"({"messages":[],"stop_sequences":["a","\n"],"top_k":5,"top_p":1})"),
              R"({"messages":[],"top_p":1,"stop":["a","\n"],"top_k":5})");
    EXPECT_EQ(chat_of_messages(R"({"messages":[],"thinking":{"type":"enabled","budget_tokens":1024}})"),
              R"({"messages":[],"chat_template_kwargs":{"enable_thinking":true}})");
    EXPECT_EQ(
        chat_of_messages(R"({"messages":[],"thinking":{"type":"disabled"},"chat_template_kwargs":{"a":1}})"),
        R"({"messages":[],"chat_template_kwargs":{"a":1}})");
    EXPECT_EQ(chat_of_messages(
                  R"({"messages":[],"thinking":{"type":"adaptive"},"output_config":{"effort":"max"}})"),
              R"({"messages":[],"reasoning_effort":"high"})");
    EXPECT_EQ(
        chat_of_messages(
            R"({"messages":[],"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}})"),
        R"({"messages":[],"response_format":{"type":"json_schema","json_schema":)"
        R"({"name":"output","schema":{"type":"object"},"strict":true}}})");
}

TEST(MessagesRequest, StreamsAskForTheirUsage) {
    EXPECT_EQ(chat_of_messages(R"({"messages":[],"stream":true})"),
              R"({"messages":[],"stream":true,"stream_options":{"include_usage":true}})");
    EXPECT_EQ(chat_of_messages(R"({"messages":[],"stream":false})"), R"({"messages":[]})");
}

TEST(MessagesRequest, HintsAndStrangersAreDropped) {
    EXPECT_EQ(
        chat_of_messages(R"({"messages":[],"metadata":{"user_id":"u"},"service_tier":"auto","stranger":1,
                                   "mcp_servers":[],"container":null})"),
        R"({"messages":[]})");
}

TEST(MessagesRequest, WhatHasNoCounterpartIsRefusedByItsPlace) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({})", "messages: is missing"},
        {R"({"messages":{}})", "messages: must be an array"},
        {R"({"messages":[1]})", "messages[0]: must be an object"},
        {R"({"messages":[{"role":"system","content":"x"}]})",
         "messages[0].role: must be `user` or `assistant`"},
        {R"({"messages":[{"role":"user"}]})", "messages[0].content: is missing"},
        {R"({"messages":[{"role":"user","content":7}]})", "messages[0].content: must be an array"},
        {user(R"([{"type":"document","source":{}}])"),
         "messages[0].content[0]: only text, image and tool_result blocks of a user can be translated"},
        {user(R"([{"type":"image","source":{"type":"file","file_id":"f"}}])"),
         "messages[0].content[0].source: only base64 and url images can be translated"},
        {user(R"([{"type":"text"}])"), "messages[0].content[0].text: must be a text"},
        {R"({"messages":[{"role":"assistant","content":[{"type":"server_tool_use"}]}]})",
         "messages[0].content[0]: only text, thinking and tool_use blocks of an assistant can be translated"},
        {R"({"messages":[],"tools":[{"type":"web_search_20250305","name":"web_search"}]})",
         "tools[0]: only tools that the client runs can be translated"},
        {R"({"messages":[],"tools":[{"input_schema":{}}]})", "tools[0].name: is missing"},
        {R"({"messages":[],"tool_choice":{"type":"x"}})",
         "tool_choice.type: must be `auto`, `any`, `tool` or `none`"},
        {R"({"messages":[],"stop_sequences":[1]})", "stop_sequences[0]: must be a text"},
        {R"({"messages":[],"thinking":{"type":"x"}})",
         "thinking.type: must be `enabled`, `disabled` or `adaptive`"},
        {R"({"messages":[],"mcp_servers":[{}]})", "mcp_servers: has no counterpart on this service"},
        {R"({"messages":[],"container":"c"})", "container: has no counterpart on this service"},
        {R"({"messages":[],"output_config":{"effort":"x"}})",
         "output_config.effort: must be `low`, `medium`, `high`, `xhigh` or `max`"},
    };
    for (const auto& [request, want] : cases)
        EXPECT_EQ(refusal_of_messages(request), want) << request;
}

TEST(MessagesRequest, ARefusalNeverQuotesTheUser) {
    for (const std::string_view request :
         {R"({"messages":[{"role":"MARKER","content":"MARKER"}]})",
          R"({"messages":[{"role":"user","content":[{"type":"MARKER"}]}]})",
          R"({"messages":[],"tools":[{"type":"MARKER","name":"MARKER"}]})"}) {
        EXPECT_EQ(refusal_of_messages(request).find("MARKER"), std::string::npos) << request;
    }
}

}  // namespace
}  // namespace lumoz::translate

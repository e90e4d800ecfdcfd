// SPDX-License-Identifier: Apache-2.0
// Chat completions before an engine that speaks Messages only, and requests made fit for their protocol.
#include "translate/testing.hpp"
#include "translate/tidy.hpp"

namespace lumoz::translate {
namespace {

using testing::refusal_of;
using testing::stream_of;

std::string messages(std::string_view request) {
    return testing::chat_of(Protocol::Chat, request);
}

std::string answer(std::string_view engine_answer) {
    return testing::answer_of(Protocol::Chat, R"({"messages":[]})", engine_answer);
}

TEST(MessagesEngine, TurnsSystemAndResults) {
    EXPECT_EQ(
        messages(R"({"model":"m","max_completion_tokens":7,"stop":"END","stream":true,"temperature":0.50,
                  "messages":[{"role":"system","content":"s"},{"role":"developer","content":[{"type":"text","text":"d"}]},
                  {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,aa"}},
                      {"type":"image_url","image_url":{"url":"https://x"}},{"type":"text","text":"?"}]},
                  {"role":"assistant","content":null,"tool_calls":[
                      {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\": 1.0}"}},
                      {"id":"b","type":"function","function":{"name":"g","arguments":""}}]},
                  {"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":[]},
                  {"role":"user","content":"go"}]})"),
        R"({"model":"m","system":[{"type":"text","text":"s"},{"type":"text","text":"d"}],"messages":[)"
        R"({"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"aa"}},)"
        R"({"type":"image","source":{"type":"url","url":"https://x"}},{"type":"text","text":"?"}]},)"
        R"({"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"x": 1.0}},)"
        R"({"type":"tool_use","id":"b","name":"g","input":{}}]},)"
        R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"},)"
        R"({"type":"tool_result","tool_use_id":"b","content":[]}]},{"role":"user","content":"go"}],)"
        R"("max_tokens":7,"temperature":0.50,"stop_sequences":["END"],"stream":true})");
}

TEST(MessagesEngine, ToolsAndTheirChoice) {
    EXPECT_EQ(
        messages(R"({"messages":[],"max_tokens":1,"tool_choice":{"type":"function","function":{"name":"f"}},
                  "parallel_tool_calls":false,
                  "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","required":["a"]}}}]})"),
        R"({"system":[],"messages":[],"max_tokens":1,"tools":[{"name":"f","description":"","input_schema":)"
        R"({"properties":{},"type":"object","required":["a"],"$defs":{}}}],)"
        R"("tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}})");
    EXPECT_EQ(messages(R"({"messages":[],"max_tokens":1,"tool_choice":"none","parallel_tool_calls":false})"),
              R"({"system":[],"messages":[],"max_tokens":1,"tool_choice":{"type":"none"}})");
}

TEST(MessagesEngine, WhatHasNoCounterpartIsRefusedByItsPlace) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({})", "messages: is missing"},
        {R"({"messages":[],"n":2})", "n: only one choice can be made"},
        {R"({"messages":[],"logprobs":true})", "logprobs: probabilities cannot be translated"},
        {R"({"messages":[],"response_format":{"type":"json_object"}})",
         "response_format: only `text` can be translated"},
        {R"({"messages":[],"functions":[]})", "functions: has no counterpart on this service"},
        {R"({"messages":[],"stop":1})", "stop: must be a text or a list"},
        {R"({"messages":[],"tool_choice":"MARKER"})",
         "tool_choice: must be `auto`, `none`, `required` or a function"},
        {R"({"messages":[],"tools":[{"type":"custom"}]})", "tools[0]: must be a function"},
        {R"({"messages":[{"role":"MARKER"}]})",
         "messages[0].role: must be `system`, `developer`, `user`, `assistant` or `tool`"},
        {R"({"messages":[{"role":"user","content":[{"type":"input_audio"}]}]})",
         "messages[0].content[0]: only text and image_url parts can be translated"},
        {R"({"messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"[1]"}}]}]})",
         "messages[0].tool_calls[0].function.arguments: must be the text of a JSON object"},
        {R"({"messages":[{"role":"tool","content":"x"}]})", "messages[0].tool_call_id: must be a text"},
    };
    for (const auto& [request, want] : cases)
        EXPECT_EQ(refusal_of(Protocol::Chat, request), want) << request;
}

TEST(MessagesEngine, AnswerKeepsThoughtsAndCalls) {
    EXPECT_EQ(
        answer(R"({"id":"msg_1","model":"m","stop_reason":"max_tokens","content":[
                  {"type":"thinking","thinking":"hm","signature":"x"},{"type":"text","text":"caf\u00e9"},
                  {"type":"tool_use","id":"t","name":"f","input":{ "a" : 1.0 }}],
                  "usage":{"input_tokens":3,"output_tokens":4,"cache_creation_input_tokens":5}})"),
        R"({"id":"msg_1","object":"chat.completion","created":1800000000,"model":"m","provider":"anthropic",)"
        R"("choices":[{"index":0,"message":{"role":"assistant","content":"caf\u00e9","reasoning_content":"hm",)"
        R"("tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{\"a\":1.0}"}}]},)"
        R"("logprobs":null,"finish_reason":"length"}],)"
        R"("usage":{"prompt_tokens":8,"completion_tokens":4,"total_tokens":12}})");
}

TEST(MessagesEngine, NonsenseIsAnError) {
    for (const auto& [text, want] : std::vector<std::pair<std::string, std::string>>{
             {"", "not a JSON object"},
             {"{}", "content: not a list"},
             {R"({"type":"error","error":{}})", "error: the engine failed"},
             {R"({"content":[{"type":"text"}]})", "text: not a text"},
             {R"({"content":[{"type":"tool_use","input":1}]})", "content.input: not an object"},
             {R"({"content":[{"type":"server_tool_use"}]})",
              "content: a block of a kind that was not asked for"},
             {R"({"content":[],"usage":{"input_tokens":-1}})", "input_tokens: not a count"}}) {
        EXPECT_EQ(answer(text), "error: " + want) << text;
    }
    for (const auto& [stream, want] : std::vector<std::pair<std::string, std::string>>{
             {"data: x\n\n", "stream: not a JSON object"},
             {"data: {\"type\":\"message_delta\"}\n\n", "stream: it does not begin with message_start"},
             {"data: {\"type\":\"error\"}\n\n", "stream: the engine failed"},
             {"data: {\"type\":\"message_start\"}\n\n", "message_start: not one message"}}) {
        EXPECT_EQ(stream_of(Protocol::Chat, R"({"messages":[]})", stream, 7), "error: " + want) << stream;
    }
}

std::string engine_event(std::string_view json) {
    return "data: " + std::string(json) + "\n\n";
}

TEST(MessagesEngineStream, InputBelongsToTheBlockThatIsOpen) {
    const std::string start = engine_event(R"({"type":"message_start","message":{"id":"i","model":"m"}})");
    const std::string call = engine_event(
        R"({"type":"content_block_start","content_block":{"type":"tool_use","id":"t","name":"f"}})");
    const std::string other = engine_event(
        R"({"type":"content_block_start","content_block":{"type":"server_tool_use","id":"s","name":"g"}})");
    const std::string input = engine_event(
        R"({"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{}"}})");
    const auto stream = [](std::string_view text) {
        return stream_of(Protocol::Chat, R"({"messages":[]})", text, 64);
    };
    EXPECT_TRUE(
        stream(start + call + input).contains(R"("tool_calls":[{"index":0,"function":{"arguments":"{}"}}])"));
    EXPECT_TRUE(stream(start + call + input + other + input)
                    .ends_with("error: content_block_delta: no call is open"));
    EXPECT_TRUE(stream(start + input).ends_with("error: content_block_delta: no call is open"));
}

TEST(MessagesEngineStream, AnOldCompletionEndsWithAWord) {
    const auto stream = [](std::string_view stop) {
        return stream_of(Protocol::Chat, R"({"messages":[]})",
                         engine_event(R"({"completion":"x","stop_reason":)" + std::string(stop) + "}"), 64);
    };
    EXPECT_TRUE(stream("null").ends_with("\"finish_reason\":null}]}\n\n"));
    EXPECT_TRUE(stream(R"("stop_sequence")").ends_with("\"finish_reason\":\"stop_sequence\"}]}\n\n"));
    EXPECT_EQ(stream("[\ndata: 1]"), "error: stop_reason: not a text");
}

TEST(Tidy, LeavesOutStrangersAndMovesNumbersToTheEdge) {
    const auto tidy = [](RequestForm form, std::string_view body) {
        const auto document = json::Document::parse(body);
        const Result<std::string> out = tidy_request(form, document->root());
        return out ? *out : "error: " + out.error().detail;
    };
    EXPECT_EQ(
        tidy(RequestForm::Chat, R"({"x":1,"temperature":-0.1,"top_p":1.50,"presence_penalty":-3,
                                          "frequency_penalty":2.0,"messages":[ 1 ]})"),
        R"({"temperature":0,"top_p":1,"presence_penalty":-2,"frequency_penalty":2.0,"messages":[ 1 ]})");
    EXPECT_EQ(tidy(RequestForm::Messages, R"({"top_k":3,"min_p":1,"temperature":null})"),
              R"({"top_k":3,"temperature":null})");
    EXPECT_EQ(tidy(RequestForm::Responses, R"({"input":"x","messages":[],"min_p":0.1})"),
              R"({"input":"x","min_p":0.1})");
    EXPECT_EQ(tidy(RequestForm::Completions, R"({"prompt":"x","messages":[],"temperature":"hot"})"),
              "error: temperature: must be a number");
}

}  // namespace
}  // namespace lumoz::translate

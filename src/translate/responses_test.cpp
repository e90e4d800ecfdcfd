// SPDX-License-Identifier: Apache-2.0
// Responses requests and what comes back for them.
#include "translate/testing.hpp"

namespace lumoz::translate {
namespace {

using testing::answer_of;
using testing::chunk;
using testing::refusal_of;
using testing::stream_of;

std::string chat(std::string_view request) {
    return testing::chat_of(Protocol::Responses, request);
}

TEST(ResponsesRequest, TextAndInstructions) {
    EXPECT_EQ(chat(R"({"model":"m","input":"h\u0069","instructions":"be brief","max_output_tokens":10,
                       "temperature":0.50,"top_p":1.0,"stream":true,"parallel_tool_calls":false})"),
              R"({"model":"m","messages":[{"role":"system","content":"be brief"},)"
              R"({"role":"user","content":"h\u0069"}],"max_tokens":10,"temperature":0.50,"top_p":1.0,)"
              R"("parallel_tool_calls":false,"stream":true,"stream_options":{"include_usage":true}})");
}

TEST(ResponsesRequest, ItemsBecomeTurns) {
    EXPECT_EQ(chat(R"({"input":[
                  {"role":"developer","content":"d"},
                  {"type":"message","role":"user","content":[{"type":"input_text","text":"look"},
                      {"type":"input_image","image_url":"data:image/png;base64,aa","detail":"low"}]},
                  {"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},
                  {"type":"message","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[]}]},
                  {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"x\": 1}"},
                  {"type":"function_call","call_id":"c2","name":"g","arguments":"{}"},
                  {"type":"function_call_output","call_id":"c1","output":"r1"},
                  {"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"r2"}]},
                  {"role":"assistant","content":"one"},{"role":"assistant","content":"two"}]})"),
              R"({"messages":[{"role":"system","content":"d"},)"
              R"({"role":"user","content":[{"type":"text","text":"look"},)"
              R"({"type":"image_url","image_url":{"url":"data:image/png;base64,aa","detail":"low"}}]},)"
              R"({"role":"assistant","content":"a","reasoning_content":"hm","tool_calls":[)"
              R"({"id":"c1","type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}},)"
              R"({"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]},)"
              R"({"role":"tool","tool_call_id":"c1","content":"r1"},)"
              R"({"role":"tool","tool_call_id":"c2","content":"r2"},)"
              R"({"role":"assistant","content":"one"},{"role":"assistant","content":"two"}]})");
}

TEST(ResponsesRequest, ToolsFormatsAndEffort) {
    EXPECT_EQ(
        chat(R"({"input":"x","tools":[{"type":"function","name":"f","description":"d",
                       "parameters":{"type":"object"},"strict":true}],
                       "tool_choice":{"type":"function","name":"f"},"reasoning":{"effort":"low"},
                       "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":false}}})"),
        R"({"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":)"
        R"({"name":"f","description":"d","parameters":{"type":"object"},"strict":true}}],)"
        R"("tool_choice":{"type":"function","function":{"name":"f"}},)"
        R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},)"
        R"("strict":false}},"reasoning_effort":"low"})");
    EXPECT_EQ(chat(R"({"input":"x","text":{"format":{"type":"json_object"}},"tool_choice":"required"})"),
              R"({"messages":[{"role":"user","content":"x"}],"tool_choice":"required",)"
              R"("response_format":{"type":"json_object"}})");
    EXPECT_EQ(chat(R"({"input":"x","text":{"format":{"type":"text"}},"store":false,"truncation":"disabled",
                       "include":["reasoning.encrypted_content"],"previous_response_id":null,"top_logprobs":0})"),
              R"({"messages":[{"role":"user","content":"x"}]})");
}

TEST(ResponsesRequest, WhatNeedsStateIsRefusedByItsPlace) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({})", "input: is missing"},
        {R"({"input":1})", "input: must be an array"},
        {R"({"input":"x","previous_response_id":"r"})",
         "previous_response_id: answers are not kept here; send the whole conversation as input"},
        {R"({"input":"x","conversation":"c"})",
         "conversation: conversations are not kept here; send the whole conversation as input"},
        {R"({"input":"x","store":true})", "store: answers are not kept here; leave it out or say false"},
        {R"({"input":"x","background":true})", "background: an answer is made while the client waits"},
        {R"({"input":"x","prompt":{"id":"p"}})", "prompt: prompt templates are not kept here"},
        {R"({"input":"x","truncation":"auto"})",
         "truncation: nothing is cut out of an input here; leave it out or say `disabled`"},
        {R"({"input":"x","top_logprobs":2})", "top_logprobs: probabilities cannot be translated"},
        {R"({"input":"x","include":["message.output_text.logprobs"]})",
         "include[0]: probabilities cannot be translated"},
        {R"({"input":"x","tools":[{"type":"web_search"}]})",
         "tools[0]: only tools of type `function` can be translated: this service runs none itself"},
        {R"({"input":"x","tool_choice":"MARKER"})",
         "tool_choice: must be `auto`, `none`, `required` or a function"},
        {R"({"input":"x","text":{"format":{"type":"MARKER"}}})",
         "text.format.type: must be `text`, `json_object` or `json_schema`"},
        {R"({"input":[{"type":"item_reference","id":"i"}]})",
         "input[0]: only message, function_call, function_call_output and reasoning items can be translated"},
        {R"({"input":[{"role":"MARKER","content":"x"}]})",
         "input[0].role: must be `user`, `assistant`, `system` or `developer`"},
        {R"({"input":[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]})",
         "input[0].content[0]: only input_text and input_image parts can be translated"},
        {R"({"input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]})",
         "input[0].content[0].image_url: must be a URL; files are not kept here"},
        {R"({"input":[{"type":"function_call","call_id":"c","name":"f"}]})",
         "input[0].arguments: must be a text"},
    };
    for (const auto& [request, want] : cases)
        EXPECT_EQ(refusal_of(Protocol::Responses, request), want) << request;
}

const std::string kRequest =
    R"({"model":"asked","stream":true,"input":"x","instructions":"i","tools":[],"metadata":{"k": "v"}})";
const std::string kEcho =
    R"("instructions":"i","max_output_tokens":null,"metadata":{"k":"v"},"parallel_tool_calls":true,)"
    R"("reasoning":{"effort":null,"summary":null},"temperature":null,"text":{"format":{"type":"text"}},)"
    R"("tool_choice":"auto","tools":[],"top_p":null,"user":null})";

std::string answer(std::string_view chat_json) {
    return answer_of(Protocol::Responses, kRequest, chat_json);
}

TEST(ResponsesAnswer, OutputIsThoughtTextAndCalls) {
    EXPECT_EQ(
        answer(R"({"id":"c","model":"m","created":7,"choices":[{"finish_reason":"tool_calls","message":{
                  "content":"h\u0069","reasoning":"hm","tool_calls":[
                  {"id":"t","function":{"name":"f","arguments":"{\"x\": 1}"}}]}}],
                  "usage":{"prompt_tokens":3,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2},
                  "completion_tokens_details":{"reasoning_tokens":1}}})"),
        R"({"id":"c","object":"response","created_at":7,"status":"completed","background":false,"error":null,)"
        R"("incomplete_details":null,"model":"m","output":[)"
        R"({"id":"rs_c_0","type":"reasoning","summary":[],"status":"completed","content":[)"
        R"({"type":"reasoning_text","text":"hm"}]},)"
        R"({"id":"msg_c_1","type":"message","role":"assistant","status":"completed","content":[)"
        R"({"type":"output_text","text":"h\u0069","annotations":[],"logprobs":[]}]},)"
        R"({"id":"fc_c_2","type":"function_call","status":"completed","call_id":"t","name":"f",)"
        R"("arguments":"{\"x\": 1}"}],"previous_response_id":null,"store":false,"truncation":"disabled",)"
        R"("usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":2},"output_tokens":4,)"
        R"("output_tokens_details":{"reasoning_tokens":1},"total_tokens":7},)" +
            kEcho);
}

TEST(ResponsesAnswer, AnEarlyEndIsIncomplete) {
    const std::string out = answer(R"({"choices":[{"finish_reason":"length","message":{"content":"x"}}]})");
    EXPECT_NE(out.find(R"("status":"incomplete")"), std::string::npos);
    EXPECT_NE(out.find(R"("incomplete_details":{"reason":"max_output_tokens"})"), std::string::npos);
    EXPECT_NE(out.find(R"("created_at":1800000000)"), std::string::npos);
    EXPECT_NE(out.find(R"({"id":"rcpt-1",)"), std::string::npos);
    EXPECT_EQ(answer("{}"), "error: choices: not a list");
}

const std::string kStream =
    chunk(R"({"role":"assistant"})") + chunk(R"({"reasoning_content":"hm"})") + chunk(R"({"content":"é"})") +
    chunk(R"({"content":"\n😀"})") +
    chunk(R"({"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{\"x\""}}]})") +
    chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]})") + chunk("{}", R"("tool_calls")") +
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";

/// `type` of each event in order; checks that names, types and sequence numbers agree.
std::vector<std::string> types_of(std::string_view stream) {
    std::vector<std::string> out;
    while (!stream.empty()) {
        const std::size_t end = stream.find("\n\n");
        const std::string_view event = stream.substr(0, end);
        stream.remove_prefix(end + 2);
        const std::size_t line = event.find('\n');
        const std::string name(event.substr(7, line - 7));
        const auto data = json::Document::parse(event.substr(line + 7));
        EXPECT_TRUE(data) << event;
        if (!data) return out;
        EXPECT_EQ(data->root().find("type")->as_string(), name);
        EXPECT_EQ(data->root().find("sequence_number")->as_int(), static_cast<std::int64_t>(out.size()));
        out.push_back(name);
    }
    return out;
}

TEST(ResponsesStream, EventsInTheirOrder) {
    const std::string out = stream_of(Protocol::Responses, kRequest, kStream, kStream.size());
    EXPECT_EQ(types_of(out), (std::vector<std::string>{"response.created",
                                                       "response.in_progress",
                                                       "response.output_item.added",
                                                       "response.content_part.added",
                                                       "response.reasoning_text.delta",
                                                       "response.reasoning_text.done",
                                                       "response.content_part.done",
                                                       "response.output_item.done",
                                                       "response.output_item.added",
                                                       "response.content_part.added",
                                                       "response.output_text.delta",
                                                       "response.output_text.delta",
                                                       "response.output_text.done",
                                                       "response.content_part.done",
                                                       "response.output_item.done",
                                                       "response.output_item.added",
                                                       "response.function_call_arguments.delta",
                                                       "response.function_call_arguments.delta",
                                                       "response.function_call_arguments.done",
                                                       "response.output_item.done",
                                                       "response.completed"}));
    EXPECT_NE(out.find(R"({"type":"response.output_text.delta","sequence_number":10,"item_id":"msg_c_1",)"
                       R"("output_index":1,"content_index":0,"delta":"é","logprobs":[]})"),
              std::string::npos);
    EXPECT_NE(out.find(R"("item_id":"fc_c_2","output_index":2,"name":"f","arguments":"{\"x\":1}"})"),
              std::string::npos);
    const std::string end = out.substr(out.find("event: response.completed"));
    EXPECT_NE(end.find(R"("text":"é\n😀")"), std::string::npos);
    EXPECT_NE(end.find(R"("arguments":"{\"x\":1}")"), std::string::npos);
    EXPECT_NE(end.find(R"("total_tokens":3)"), std::string::npos);
    EXPECT_NE(end.find(kEcho), std::string::npos);
}

TEST(ResponsesStream, EventsAreTheSameForEveryCut) {
    const std::string whole = stream_of(Protocol::Responses, kRequest, kStream, kStream.size());
    testing::expect_stream(Protocol::Responses, kRequest, kStream, whole);
}

TEST(ResponsesStream, ARefusalAndAnEarlyEnd) {
    const std::string out =
        stream_of(Protocol::Responses, kRequest,
                  chunk(R"({"refusal":"no"})") + chunk("{}", R"("content_filter")") + "data: [DONE]\n\n", 11);
    EXPECT_EQ(types_of(out).back(), "response.incomplete");
    EXPECT_NE(out.find(R"("part":{"type":"refusal","refusal":"no"})"), std::string::npos);
    EXPECT_NE(out.find(R"("incomplete_details":{"reason":"content_filter"})"), std::string::npos);
}

TEST(ResponsesStream, WhatMustBeSaidAgainIsBounded) {
    const std::string text(100'000, 'x');
    std::string stream;
    for (std::size_t i = 0; i <= EventStream::kMaxKept / text.size(); ++i)
        stream += chunk(R"({"content":")" + text + "\"}");
    EXPECT_TRUE(stream_of(Protocol::Responses, kRequest, stream, 65'536)
                    .ends_with("error: stream: too long to be said again at its end"));
}

TEST(ResponsesStream, WhatFramesManySmallItemsCountsToo) {
    std::string pair = chunk(R"({"reasoning_content":"a"})") + chunk(R"({"content":"b"})");
    const std::string id(1'000, 'i');
    pair.replace(pair.find(R"("id":"c")"), 8, R"("id":")" + id + '"');
    std::string stream;
    for (std::size_t i = 0; i <= EventStream::kMaxKept / id.size() / 2; ++i)
        stream += pair;
    EXPECT_TRUE(stream_of(Protocol::Responses, kRequest, stream, stream.size())
                    .ends_with("error: stream: too long to be said again at its end"));
}

TEST(ResponsesStream, NonsenseEndsIt) {
    EXPECT_TRUE(stream_of(Protocol::Responses, kRequest, chunk("{}") + "data: 1\n\n", 3)
                    .ends_with("error: not an object"));
    EXPECT_TRUE(stream_of(Protocol::Responses, kRequest,
                          chunk(R"({"tool_calls":[{"index":3,"function":{"name":"f"}}]})"), 300)
                    .ends_with("error: tool_calls.index: a call goes on that is over"));
    EXPECT_EQ(stream_of(Protocol::Responses, kRequest, "data: [DONE]\n\n", 99),
              "error: stream: it ends before it begins");
}

}  // namespace
}  // namespace lumoz::translate

// SPDX-License-Identifier: Apache-2.0
// Chat-completions answers as a client of the Messages API reads them.
#include "translate/testing.hpp"

namespace lumoz::translate {
namespace {

using testing::answer_of;
using testing::chunk;
using testing::stream_of;

const std::string kRequest = R"({"model":"asked","stream":true,"stop_sequences":["END"],"messages":[]})";

std::string answer(std::string_view chat) {
    return answer_of(Protocol::Messages, kRequest, chat);
}

/// An answer with this message and finish reason.
std::string chat(std::string_view message, std::string_view rest = R"("finish_reason":"stop")") {
    return R"({"id":"c","model":"m","choices":[{"index":0,"message":)" + std::string(message) + "," +
           std::string(rest) + "}]}";
}

std::string member(std::string_view json, std::string_view name) {
    const auto document = json::Document::parse(json, {.max_bytes = 1 << 20, .max_depth = 64});
    if (!document) return "not JSON: " + std::string(json);
    const auto found = document->root().find(name);
    return found ? std::string(found->raw()) : "absent";
}

std::string event(std::string_view name, std::string_view json) {
    return "event: " + std::string(name) + "\ndata: " + std::string(json) + "\n\n";
}

TEST(MessagesAnswer, ContentIsThoughtTextAndCalls) {
    EXPECT_EQ(member(answer(chat(R"({"content":"caf\u00e9","reasoning_content":"hm","tool_calls":[
                  {"id":"t1","type":"function","function":{"name":"f","arguments":"{ \"x\":1.0 }"}},
                  {"function":{"name":"g","arguments":""}}]})")),
                     "content"),
              R"([{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"caf\u00e9"},)"
              R"({"type":"tool_use","id":"t1","name":"f","input":{ "x":1.0 }},)"
              R"({"type":"tool_use","id":"toolu_c_1","name":"g","input":{}}])");
    EXPECT_EQ(member(answer(chat(R"({"content":null,"refusal":"no"})")), "content"),
              R"([{"type":"text","text":"no"}])");
    EXPECT_EQ(member(answer(chat(R"({"content":""})")), "content"), "[]");
    EXPECT_EQ(member(answer(chat(R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})")),
                     "content"),
              R"([{"type":"text","text":"ab"}])");
}

TEST(MessagesAnswer, StopReasons) {
    const auto stop = [](std::string_view rest, std::string_view message = R"({"content":"x"})") {
        const std::string out = answer(chat(message, rest));
        return member(out, "stop_reason") + " " + member(out, "stop_sequence");
    };
    EXPECT_EQ(stop(R"("finish_reason":"stop")"), R"("end_turn" null)");
    EXPECT_EQ(stop(R"("finish_reason":"length")"), R"("max_tokens" null)");
    EXPECT_EQ(stop(R"("finish_reason":"content_filter")"), R"("refusal" null)");
    EXPECT_EQ(stop(R"("finish_reason":null)"), R"("end_turn" null)");
    EXPECT_EQ(stop(R"("finish_reason":"stop","stop_reason":"END")"), R"("stop_sequence" "END")");
    EXPECT_EQ(stop(R"("finish_reason":"stop","stop_reason":"other")"), R"("end_turn" null)");
    EXPECT_EQ(stop(R"("finish_reason":"stop","stop_reason":128009)"), R"("end_turn" null)");
    EXPECT_EQ(stop(R"("finish_reason":"stop")", R"({"tool_calls":[{"function":{"name":"f"}}]})"),
              R"("tool_use" null)");
}

TEST(MessagesAnswer, UsageCountsTheCacheBesideTheInput) {
    EXPECT_EQ(member(answer(R"({"choices":[{"message":{}}],"usage":{"prompt_tokens":9,"completion_tokens":2,
                                "prompt_tokens_details":{"cached_tokens":4}}})"),
                     "usage"),
              R"({"input_tokens":5,"cache_read_input_tokens":4,"output_tokens":2})");
    EXPECT_EQ(member(answer(R"({"choices":[{"message":{}}]})"), "usage"),
              R"({"input_tokens":0,"output_tokens":0})");
}

TEST(MessagesAnswer, WhatTheEngineDoesNotSayIsOurs) {
    const std::string out = answer(R"({"choices":[{"message":{}}]})");
    EXPECT_EQ(member(out, "id"), R"("rcpt-1")");
    EXPECT_EQ(member(out, "model"), R"("asked")");
}

TEST(MessagesAnswer, NonsenseIsAnError) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "not JSON"},
        {"[]", "not an object"},
        {"{}", "choices: not a list"},
        {R"({"choices":[]})", "choices: empty"},
        {R"({"choices":[{}]})", "choices.message: not an object"},
        {R"({"error":{"message":"x"},"choices":[{"message":{}}]})", "error: the engine failed"},
        {R"({"choices":[{"message":{"content":1}}]})", "content: not a text"},
        {R"({"id":1,"choices":[{"message":{}}]})", "id: not a text"},
        {R"({"id":")" + std::string(2'000, 'x') + R"(","choices":[{"message":{}}]})", "id: too long"},
        {R"({"usage":{"prompt_tokens":-1},"choices":[{"message":{}}]})", "prompt_tokens: not a count"},
        {R"({"usage":{"prompt_tokens":1e9},"choices":[{"message":{}}]})", "prompt_tokens: not a count"},
        {chat(R"({"tool_calls":{}})"), "tool_calls: not a list"},
        {chat(R"({"tool_calls":[{"function":{"arguments":"{}"}}]})"), "tool_calls.function.name: missing"},
        {chat(R"({"tool_calls":[{"function":{"name":"f","arguments":"{"}}]})"),
         "tool_calls.function.arguments: not a JSON object"},
        {chat(R"({"tool_calls":[{"function":{"name":"f","arguments":"[]"}}]})"),
         "tool_calls.function.arguments: not a JSON object"},
    };
    for (const auto& [chat_json, want] : cases)
        EXPECT_EQ(answer(chat_json), "error: " + want) << chat_json.substr(0, 100);
}

TEST(MessagesAnswer, DepthIsBounded) {
    const std::string deep =
        R"({"choices":[{"message":{}}],"x":)" + std::string(100, '[') + std::string(100, ']') + "}";
    EXPECT_EQ(answer(deep), "error: not JSON");
}

const std::string kStream =
    ": hello\n\n" + chunk(R"({"role":"assistant","content":null})") +
    chunk(R"({"reasoning_content":"h\u006d"})") + ": keep alive\n\n" + chunk(R"({"content":"é"})") +
    chunk(R"({"content":" 😀"})") +
    chunk(
        R"({"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":""}}]})") +
    chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\""}}]})") +
    chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]})") +
    chunk(R"({"tool_calls":[{"index":1,"id":"t2","function":{"name":"g","arguments":"{}"}}]})") +
    chunk("{}", R"("tool_calls")") +
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7}}\n\n"
    "data: [DONE]\n\n";

const std::string kTranslated =
    event(
        "message_start",
        R"({"type":"message_start","message":{"id":"c","type":"message","role":"assistant","model":"m",)"
        R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}})") +
    event(
        "content_block_start",
        R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})") +
    event(
        "content_block_delta",
        R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"h\u006d"}})") +
    event("ping", R"({"type":"ping"})") +
    event("content_block_stop", R"({"type":"content_block_stop","index":0})") +
    event("content_block_start",
          R"({"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}})") +
    event("content_block_delta",
          R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"é"}})") +
    event("content_block_delta",
          R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":" 😀"}})") +
    event("content_block_stop", R"({"type":"content_block_stop","index":1})") +
    event(
        "content_block_start",
        R"({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}})") +
    event(
        "content_block_delta",
        R"({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"x\""}})") +
    event(
        "content_block_delta",
        R"({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":":1}"}})") +
    event("content_block_stop", R"({"type":"content_block_stop","index":2})") +
    event(
        "content_block_start",
        R"({"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"t2","name":"g","input":{}}})") +
    event(
        "content_block_delta",
        R"({"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{}"}})") +
    event("content_block_stop", R"({"type":"content_block_stop","index":3})") +
    event("message_delta",
          R"({"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},)"
          R"("usage":{"input_tokens":5,"output_tokens":7}})") +
    event("message_stop", R"({"type":"message_stop"})");

TEST(MessagesStream, EventsAreTheSameForEveryCut) {
    testing::expect_stream(Protocol::Messages, kRequest, kStream, kTranslated);
}

TEST(MessagesStream, LineEndsOfEveryKind) {
    for (const std::string_view end : {"\r\n", "\r"}) {
        std::string stream;
        for (const char c : kStream) {
            if (c == '\n') {
                stream += end;
            } else {
                stream += c;
            }
        }
        for (const std::size_t size : {std::size_t{1}, std::size_t{7}, stream.size()})
            EXPECT_EQ(stream_of(Protocol::Messages, kRequest, stream, size), kTranslated);
    }
}

TEST(MessagesStream, NothingComesBehindTheEnd) {
    EXPECT_EQ(stream_of(Protocol::Messages, kRequest,
                        kStream + chunk(R"({"content":"x"})") + "data: nonsense\n\n", 9),
              kTranslated);
}

TEST(MessagesStream, AnEmptyAnswerHasNoBlocks) {
    const std::string out =
        stream_of(Protocol::Messages, kRequest, chunk("{}", R"("length")") + "data: [DONE]\n\n", 5);
    EXPECT_EQ(out.find("content_block"), std::string::npos);
    EXPECT_NE(out.find(R"("stop_reason":"max_tokens")"), std::string::npos);
    EXPECT_TRUE(out.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
}

TEST(MessagesStream, NonsenseEndsItAfterWhatWasGood) {
    const std::string good = chunk(R"({"content":"x"})");
    const std::vector<std::pair<std::string, std::string>> cases{
        {"data: {\n\n", "not JSON"},
        {"event: error\ndata: {}\n\n", "stream: the engine failed"},
        {"data: {\"error\":{\"message\":\"MARKER\"}}\n\n", "error: the engine failed"},
        {chunk(R"({"tool_calls":[{"index":0,"id":"t"}]})"), "tool_calls.function.name: missing"},
        {chunk(R"({"tool_calls":[{"index":1,"function":{"name":"f"}}]})"),
         "tool_calls.index: a call goes on that is over"},
        {chunk(R"({"tool_calls":[{"index":-1,"function":{"name":"f"}}]})"), "tool_calls.index: not an index"},
        {chunk(R"({"content":"\ud83d"})"), "not JSON"},
    };
    for (const auto& [bad, want] : cases) {
        const std::string out = stream_of(Protocol::Messages, kRequest, good + bad, 1'000'000);
        EXPECT_TRUE(out.ends_with("\n\nerror: " + want)) << bad << out;
        EXPECT_NE(out.find(R"("text":"x")"), std::string::npos) << bad;
    }
    EXPECT_EQ(stream_of(Protocol::Messages, kRequest, "data: [DONE]\n\n", 99),
              "error: stream: it ends before it begins");
}

TEST(MessagesStream, ALineIsBounded) {
    const std::string line(EventStream::kMaxEvent + 2, 'x');
    EXPECT_EQ(stream_of(Protocol::Messages, kRequest, line, 4'096), "error: stream: a line is too long");
    std::string lines;
    while (lines.size() < 2 * EventStream::kMaxEvent)
        lines += "data: " + std::string(10'000, ' ') + "\n";
    EXPECT_EQ(stream_of(Protocol::Messages, kRequest, lines, 65'536), "error: stream: an event is too large");
}

}  // namespace
}  // namespace lumoz::translate

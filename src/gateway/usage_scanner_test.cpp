// SPDX-License-Identifier: Apache-2.0
#include "gateway/usage_scanner.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

using Mode = UsageScanner::Mode;

struct Case {
    std::string name;
    Mode mode;
    std::string text;
    std::optional<store::Usage> usage;
};

constexpr std::optional<store::Usage> kNone = std::nullopt;

const std::vector<Case> kCases{
    {"chat",
     Mode::Json,
     R"({"id":"c","choices":[{"message":{"content":"\"usage\":{\"prompt_tokens\":9}"}}],)"
     R"("usage":{"prompt_tokens":12,"completion_tokens":34,"total_tokens":46,)"
     R"("prompt_tokens_details":{"cached_tokens":5,"prompt_tokens":99}}})",
     {{12, 34}}},
    {"spaces",
     Mode::Json,
     "{ \"usage\" :\n { \"completion_tokens\" : 2 , \"prompt_tokens\" : 1 } }\n",
     {{1, 2}}},
    {"embeddings",
     Mode::Json,
     R"({"data":[{"embedding":[0.5,-1e3]}],"usage":{"prompt_tokens":8,"total_tokens":8}})",
     {{8, 0}}},
    {"rerank_total_only", Mode::Json, R"({"usage":{"total_tokens":56},"results":[]})", {{56, 0}}},
    {"messages",
     Mode::Json,
     R"({"type":"message","usage":{"input_tokens":3,"cache_read_input_tokens":20,)"
     R"("cache_creation_input_tokens":100,"output_tokens":7}})",
     {{123, 7}}},
    {"responses",
     Mode::Json,
     R"({"output":[],"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":8},)"
     R"("output_tokens":87,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":123}})",
     {{36, 87}}},
    {"cached_tokens_are_in_prompt_tokens",
     Mode::Json,
     R"({"usage":{"prompt_tokens":30,"cache_read_input_tokens":20,"completion_tokens":1}})",
     {{30, 1}}},
    {"timings",
     Mode::Json,
     R"({"timings":{"cache_n":2,"prompt_n":3,"predicted_n":4,"prompt_ms":5.5}})",
     {{5, 4}}},
    {"usage_beats_timings",
     Mode::Json,
     R"({"timings":{"prompt_n":3,"predicted_n":4},"usage":{"prompt_tokens":1,"completion_tokens":2}})",
     {{1, 2}}},
    {"none", Mode::Json, R"({"id":"c","choices":[]})", kNone},
    {"null", Mode::Json, R"({"usage":null,"prompt_tokens":5})", kNone},
    {"a_number", Mode::Json, R"({"usage":5,"x":{"prompt_tokens":5}})", kNone},
    {"an_array", Mode::Json, R"({"usage":[{"prompt_tokens":5}]})", kNone},
    {"empty", Mode::Json, R"({"usage":{}})", kNone},
    {"elsewhere", Mode::Json,
     R"({"choices":[{"usage":{"prompt_tokens":5}}],"a":{"usage":{"prompt_tokens":5}}})", kNone},
    {"wrapped_is_for_streams", Mode::Json, R"({"response":{"usage":{"input_tokens":5}}})", kNone},
    {"a_value_named_usage", Mode::Json, R"({"a":"usage","b":{"prompt_tokens":5}})", kNone},
    {"a_text_as_count", Mode::Json, R"({"usage":{"prompt_tokens":"7","completion_tokens":2}})", {{0, 2}}},
    {"a_key_with_escape",
     Mode::Json,
     R"({"usage":{"prompt\u005ftokens":7,"completion_tokens":2}})",
     {{0, 2}}},
    {"an_array_as_count", Mode::Json, R"({"usage":{"prompt_tokens":[7,8],"completion_tokens":2}})", {{0, 2}}},
    {"negative", Mode::Json, R"({"usage":{"prompt_tokens":-7,"completion_tokens":2}})", {{0, 2}}},
    {"fraction", Mode::Json, R"({"usage":{"prompt_tokens":7.5,"completion_tokens":2}})", {{0, 2}}},
    {"exponent", Mode::Json, R"({"usage":{"prompt_tokens":7e5,"completion_tokens":2}})", {{0, 2}}},
    {"too_large",
     Mode::Json,
     R"({"usage":{"prompt_tokens":4294967297,"completion_tokens":4294967296}})",
     {{0, 4'294'967'296}}},
    {"absurd",
     Mode::Json,
     R"({"usage":{"prompt_tokens":)" + std::string(400, '9') + R"(,"completion_tokens":2}})",
     {{0, 2}}},
    {"wraps_around_64_bits",
     Mode::Json,
     R"({"usage":{"prompt_tokens":18446744073709551617,"completion_tokens":2}})",
     {{0, 2}}},
    {"json_array", Mode::Json, R"([{"usage":{"prompt_tokens":5}}])", kNone},
    {"garbage", Mode::Json, R"(RIFF {"usage":{"prompt_tokens":5}})", kNone},
    {"line_end_in_a_text", Mode::Json, "{\"a\":\"x\n\",\"usage\":{\"prompt_tokens\":5}}", kNone},
    {"after_the_object", Mode::Json, R"({} {"usage":{"prompt_tokens":5}})", kNone},
    {"more_brackets_than_opened", Mode::Json, R"({}]}}{"usage":{"prompt_tokens":5}})", kNone},
    {"stream_include_usage",
     Mode::Sse,
     "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n"
     "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6,\"total_tokens\":11}}\n\n"
     "data: [DONE]\n\n",
     {{5, 6}}},
    {"stream_continuous_usage",
     Mode::Sse,
     "data: {\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}\r\n\r\n"
     "data: {\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\r\n\r\n"
     "data: {\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":3}}\r\n\r\ndata: [DONE]\r\n\r\n",
     {{5, 3}}},
    {"stream_without", Mode::Sse, "data: {\"choices\":[{\"delta\":{}}]}\n\ndata: [DONE]\n\n", kNone},
    {"stream_timings",
     Mode::Sse,
     "data: {\"choices\":[]}\n\ndata: {\"timings\":{\"prompt_n\":5,\"predicted_n\":6}}\n\ndata: [DONE]\n\n",
     {{5, 6}}},
    {"stream_messages",
     Mode::Sse,
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":"
     "{\"input_tokens\":25,\"output_tokens\":1}}}\n\n"
     "event: message_delta\ndata: "
     "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}}"
     "\n"
     "\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
     {{25, 15}}},
    {"stream_responses",
     Mode::Sse,
     "event: response.created\ndata: {\"response\":{\"id\":\"r\",\"usage\":null}}\n\n"
     "event: response.output_text.delta\ndata: {\"delta\":\"{\\\"usage\\\":{\\\"input_tokens\\\":1}}\"}\n\n"
     "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"output\":[{\"usage\":"
     "{\"input_tokens\":77}}],\"usage\":{\"input_tokens\":37,\"output_tokens\":11,\"total_tokens\":48}}}\n\n",
     {{37, 11}}},
    {"stream_broken_line",
     Mode::Sse,
     "data: {\"a\":\"\ndata: {\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n",
     {{1, 2}}},
    {"stream_other_lines",
     Mode::Sse,
     ": {\"usage\":{\"prompt_tokens\":1}}\nid: {\"usage\":{\"prompt_tokens\":1}}\ndata: "
     "[{\"usage\":{\"prompt_tokens\":1}}]\ndata\n\ndata:{\"usage\":{\"prompt_tokens\":3}}\n\n",
     {{3, 0}}},
    {"stream_ends_in_a_count", Mode::Sse, "data: {\"usage\":{\"prompt_tokens\":31", kNone},
    {"stream_usage_then_cut",
     Mode::Sse,
     "data: {\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\ndata: {\"delta\":{\"te",
     {{25, 1}}},
};

TEST(UsageScanner, FindsTheCountsWhereverTheBytesAreCut) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.name);
        for (std::size_t cut = 0; cut <= c.text.size(); ++cut) {
            UsageScanner scanner(c.mode);
            scanner.feed(as_bytes(std::string_view(c.text).substr(0, cut)));
            scanner.feed(as_bytes(std::string_view(c.text).substr(cut)));
            const std::optional<store::Usage> found = scanner.usage();
            ASSERT_EQ(found.has_value(), c.usage.has_value()) << "cut at " << cut;
            if (!found) continue;
            ASSERT_EQ(found->input_tokens, c.usage->input_tokens) << "cut at " << cut;
            ASSERT_EQ(found->output_tokens, c.usage->output_tokens) << "cut at " << cut;
        }
    }
}

TEST(UsageScanner, ByteByByteIsTheSame) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.name);
        UsageScanner scanner(c.mode);
        for (const char byte : c.text)
            scanner.feed(as_bytes(std::string_view(&byte, 1)));
        ASSERT_EQ(scanner.usage().has_value(), c.usage.has_value());
        if (c.usage) {
            EXPECT_EQ(scanner.usage()->input_tokens, c.usage->input_tokens);
        }
    }
}

TEST(UsageScanner, CountsTheItemsOfData) {
    UsageScanner scanner(Mode::Json);
    scanner.feed(as_bytes(
        R"({"created":1,"x":{"data":[{}]},"data":[{"url":"a","data":[{}]},{"b64_json":"{}"},[{}],{}],)"));
    scanner.feed(as_bytes(R"("more":[{},{}]})"));
    EXPECT_EQ(scanner.data_items(), 3U);
    EXPECT_FALSE(scanner.usage());
}

TEST(UsageScanner, DepthCostsNothing) {
    UsageScanner scanner(Mode::Json);
    const std::string deep(100'000, '[');
    scanner.feed(as_bytes("{\"a\":" + deep + std::string(100'000, ']')));
    scanner.feed(as_bytes(R"(,"usage":{"prompt_tokens":4,"completion_tokens":2}})"));
    ASSERT_TRUE(scanner.usage());
    EXPECT_EQ(scanner.usage()->input_tokens, 4U);
}

}  // namespace
}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
#include "gateway/id_scanner.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

using Mode = IdScanner::Mode;

struct Case {
    std::string name;
    Mode mode;
    std::string text;
    std::string id;
};

const std::vector<Case> kCases{
    {"json", Mode::Json, R"({"choices":[{"id":"no","message":{"id":"no"}}],"id":"chatcmpl-1"})",
     "chatcmpl-1"},
    {"json_spaces", Mode::Json, "\n { \"id\" : \"a.b_c:d-e\" , \"x\":1}", "a.b_c:d-e"},
    {"json_none", Mode::Json, R"({"object":"list","data":[{"id":"x"}]})", ""},
    {"json_value_named_id", Mode::Json, R"({"a":"id","b":"c"})", ""},
    {"json_number", Mode::Json, R"({"id":5,"model":"m"})", ""},
    {"json_object_id", Mode::Json, R"({"id":{"id":"x"},"m":"y"})", ""},
    {"json_array", Mode::Json, R"([{"id":"x"}])", ""},
    {"json_escape", Mode::Json, R"({"id":"a\u0062"})", ""},
    {"json_bad_char", Mode::Json, R"({"id":"a b"})", ""},
    {"json_slash", Mode::Json, R"({"id":"../a"})", ""},
    {"json_empty", Mode::Json, R"({"id":""})", ""},
    {"json_quoted_quote", Mode::Json, R"({"a":"\"id\":\"no\"","id":"yes"})", "yes"},
    {"json_wrapped_is_not_ours", Mode::Json, R"({"message":{"id":"no"},"id":"yes"})", "yes"},
    {"json_128", Mode::Json, R"({"id":")" + std::string(128, 'a') + R"("})", std::string(128, 'a')},
    {"json_129", Mode::Json, R"({"id":")" + std::string(129, 'a') + R"("})", ""},
    {"json_garbage", Mode::Json, "hello \"id\":\"x\"", ""},
    {"sse", Mode::Sse, "data: {\"id\":\"chatcmpl-2\",\"choices\":[]}\n\ndata: {\"id\":\"other\"}\n\n",
     "chatcmpl-2"},
    {"sse_comment", Mode::Sse, ": hi\n\nevent: x\r\ndata:{\"id\":\"c\"}\r\n\r\n", "c"},
    {"sse_first_only", Mode::Sse, "data: {\"object\":\"x\"}\n\ndata: {\"id\":\"late\"}\n\n", ""},
    {"sse_responses", Mode::Sse,
     "event: response.created\ndata: "
     "{\"type\":\"response.created\",\"response\":{\"a\":[{\"id\":\"no\"}],\"id\":\"resp_1\"}}\n\n",
     "resp_1"},
    {"sse_messages", Mode::Sse,
     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\"}}\n\n", "msg_1"},
    {"sse_cut_line", Mode::Sse, "data: {\"a\":\n\"id\":\"x\"}\n\n", ""},
    {"sse_not_object", Mode::Sse, "data: [1]\n\ndata: {\"id\":\"y\"}\n\n", "y"},
};

TEST(IdScanner, FindsTheIdWhereverTheBytesAreCut) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.name);
        for (std::size_t cut = 0; cut <= c.text.size(); ++cut) {
            IdScanner scanner(c.mode);
            scanner.feed(as_bytes(std::string_view(c.text).substr(0, cut)));
            scanner.feed(as_bytes(std::string_view(c.text).substr(cut)));
            ASSERT_EQ(scanner.id(), c.id) << "cut at " << cut;
        }
    }
}

TEST(IdScanner, DepthIsBounded) {
    IdScanner scanner(Mode::Json);
    scanner.feed(as_bytes("{\"a\":" + std::string(1'000, '[')));
    EXPECT_TRUE(scanner.done());
    EXPECT_TRUE(scanner.id().empty());
}

}  // namespace
}  // namespace lumoz::gateway

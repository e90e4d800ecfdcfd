// SPDX-License-Identifier: Apache-2.0
// What answers cost, from the engine's bytes to the record of the receipt, the metrics and `/v1/usage`.
#include "gateway/pages.hpp"
#include "gateway/testing.hpp"
#include "gateway/usage_page.hpp"

namespace lumoz::gateway {
namespace {

using testing::Reply;
using testing::script;
using testing::World;

const std::string kRequest = R"({"model":"m"})";

void expect_usage(const store::Record& record, std::uint64_t input, std::uint64_t output) {
    EXPECT_EQ(record.model, "m");
    ASSERT_TRUE(record.usage);
    EXPECT_EQ(record.usage->input_tokens, input);
    EXPECT_EQ(record.usage->output_tokens, output);
}

TEST(Usage, IsInTheRecordOfEveryProtocol) {
    World w({.tokens = testing::token_line("alice", "tok")});
    script(w, "/v1/chat/completions",
           {R"({"id":"c1","usage":{"prompt_)", R"(tokens":3,"completion_tokens":4}})"});
    script(w, "/v1/embeddings", {R"({"usage":{"prompt_tokens":8,"total_tokens":8}})"});
    script(w, "/v1/completions",
           {"data: {\"choices\":[]}\n\n", "data: {\"usage\":{\"prompt_tokens\":5,\"comple",
            "tion_tokens\":6}}\n\ndata: [DONE]\n\n"},
           "text/event-stream");
    script(
        w, "/v1/messages",
        {"event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n",
         "event: message_delta\ndata: {\"usage\":{\"output_tokens\":7}}\n\n",
         "event: message_stop\ndata: {}\n\n"},
        "text/event-stream");
    script(
        w, "/v1/responses",
        {"event: response.completed\ndata: {\"response\":{\"usage\":{\"input_tokens\":10,\"output_tokens\":"
         "2}}}\n\n"},
        "text/event-stream");
    w.run([](World& w) -> net::Task<void> {
        struct Row {
            std::string path;
            std::uint64_t input, output;
        };
        const std::vector<Row> rows{{"/v1/chat/completions", 3, 4},
                                    {"/v1/embeddings", 8, 0},
                                    {"/v1/completions", 5, 6},
                                    {"/v1/messages", 9, 7},
                                    {"/v1/responses", 10, 2}};
        for (const Row& row : rows) {
            SCOPED_TRACE(row.path);
            const Reply reply = co_await w.post(row.path, kRequest, "tok");
            EXPECT_EQ(reply.status, 200);
            EXPECT_TRUE(reply.clean);
            EXPECT_EQ(w.store->last.owner, "alice");
            expect_usage(w.store->last, row.input, row.output);
        }
        const std::string metrics = metrics_page(*w.service);
        EXPECT_NE(metrics.find("lumoz_tokens_total{model=\"m\",kind=\"input\"} 35\n"), std::string::npos);
        EXPECT_NE(metrics.find("lumoz_tokens_total{model=\"m\",kind=\"output\"} 19\n"), std::string::npos);
        EXPECT_NE(metrics.find("lumoz_answers_total{model=\"m\"} 5\n"), std::string::npos);
        EXPECT_EQ(metrics.find("alice"), std::string::npos);
    }(w));
}

TEST(Usage, OfACutStreamIsWhatWasSaidByThen) {
    World w;
    script(w, "/v1/messages",
           {"event: message_start\ndata: "
            "{\"message\":{\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n"},
           "text/event-stream");
    script(w, "/v1/chat/completions", {"data: {\"choices\":[]}\n\n"}, "text/event-stream");
    w.run([](World& w) -> net::Task<void> {
        (void)co_await w.post("/v1/messages", kRequest);
        EXPECT_FALSE(w.store->last.signatures);
        expect_usage(w.store->last, 9, 1);
        (void)co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_FALSE(w.store->last.signatures);
        EXPECT_EQ(w.store->last.model, "m");
        EXPECT_FALSE(w.store->last.usage);
        const std::string metrics = metrics_page(*w.service);
        EXPECT_NE(metrics.find("lumoz_answers_without_usage_total{model=\"m\"} 1\n"), std::string::npos);
    }(w));
}

TEST(Usage, RefusalsCostNothing) {
    World w;
    script(w, "/v1/chat/completions", {R"({"usage":{"prompt_tokens":3}})"}, "application/json", 400);
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions", kRequest);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(w.store->last.model, "");
        EXPECT_FALSE(w.store->last.usage);
        EXPECT_EQ(metrics_page(*w.service).find("lumoz_answers_total{"), std::string::npos);
    }(w));
}

TEST(Usage, PageIsForItsOwnCredential) {
    World w({.tokens = testing::token_line("alice", "tok"),
             .change = [](Config& c) { c.signatures_open = true; }});
    w.run([](World& w) -> net::Task<void> {
        const Reply none = co_await w.get("/v1/usage");
        EXPECT_EQ(none.status, 401);
        EXPECT_EQ(none.error_type(), "unauthorized");
        const Reply own = co_await w.get("/v1/usage", "tok");
        EXPECT_EQ(own.status, 200);
        EXPECT_TRUE(own.body.starts_with(R"({"object":"usage","data":[)"));
        w.store->failing = true;
        const Reply broken = co_await w.get("/v1/usage", "tok");
        EXPECT_EQ(broken.status, 503);
        EXPECT_EQ(broken.error_code(), "store_unavailable");
    }(w));
}

TEST(Usage, PageNamesModelsAndCounts) {
    EXPECT_EQ(usage_json({{.model = "a\"b", .requests = 2, .usage = {3, 4}},
                          {.model = "c", .requests = 0, .usage = {}}}),
              R"({"object":"usage","data":[{"model":"a\"b","requests":2,"input_tokens":3,"output_tokens":4},)"
              R"({"model":"c","requests":0,"input_tokens":0,"output_tokens":0}]})");
    EXPECT_EQ(usage_json({}), R"({"object":"usage","data":[]})");
}

}  // namespace
}  // namespace lumoz::gateway

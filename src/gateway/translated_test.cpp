// SPDX-License-Identifier: Apache-2.0
// Clients of the Messages and Responses APIs before an engine that speaks chat completions only.
#include "gateway/testing.hpp"

namespace lumoz::gateway {
namespace {

using testing::event_hash;
using testing::event_of;
using testing::Reply;
using testing::script;
using testing::sha256_of;
using testing::World;
using testing::WorldOptions;

const std::string kMessages = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})";
const std::string kMessagesForwarded =
    R"({"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":9})";
const std::string kChat = R"({"id":"chatcmpl-7","model":"m","choices":[{"index":0,"message":)"
                          R"({"role":"assistant","content":"hello"},"finish_reason":"stop"}],)"
                          R"("usage":{"prompt_tokens":3,"completion_tokens":2}})";

WorldOptions translating() {
    return {.change = [](Config& c) { c.engine_speaks = {"chat.completions"}; }};
}

/// Event `lumoz.translated` as it must stand in the receipt.
std::string translated(std::string_view from) {
    return R"({"from":")" + std::string(from) + R"(","to":"chat.completions","type":"lumoz.translated"})";
}

/// The engine answers chat completions, and nothing else, with this body.
void answer_chat(World& w, std::string body, std::string type = "application/json", int status = 200) {
    script(w, "/v1/chat/completions", {std::move(body)}, std::move(type), status);
}

/// The engine streams these pieces, cleanly or not.
void stream_chat(World& w, std::vector<std::string> pieces, bool clean = true) {
    script(w, "/v1/chat/completions", std::move(pieces), "text/event-stream", 200, clean);
}

std::string chunk(std::string_view delta, std::string_view finish = "null") {
    return R"(data: {"id":"chatcmpl-7","model":"m","choices":[{"index":0,"delta":)" + std::string(delta) +
           R"(,"finish_reason":)" + std::string(finish) + "}]}\n\n";
}

const std::string kChatStream = chunk(R"({"role":"assistant","content":""})") + chunk(R"({"content":"hé"})") +
                                chunk("{}", "\"stop\"") + "data: [DONE]\n\n";

TEST(Translated, MessagesAnswerIsSignedAsItIsReturned) {
    World w(translating());
    answer_chat(w, kChat);
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/messages", kMessages);
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body,
                  R"({"id":"chatcmpl-7","type":"message","role":"assistant","model":"m","content":)"
                  R"([{"type":"text","text":"hello"}],"stop_reason":"end_turn","stop_sequence":null,)"
                  R"("usage":{"input_tokens":3,"output_tokens":2}})");
        EXPECT_EQ(reply.headers.get("Content-Type"), "application/json");
        EXPECT_EQ(w.last_engine_body, kMessagesForwarded);
        const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_hash(stored, "request.received"), sha256_of(kMessages));
        EXPECT_EQ(event_hash(stored, "request.forwarded"), sha256_of(kMessagesForwarded));
        EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(reply.body));
        EXPECT_EQ(event_of(stored, "lumoz.translated"), translated("messages"));
        EXPECT_EQ(stored, w.receipt("chatcmpl-7"));
        EXPECT_NE(stored.find(R"("endpoint":"/v1/messages")"), std::string::npos);
        EXPECT_TRUE(w.store->last.signatures.has_value());
    }(w));
}

TEST(Translated, ResponsesAnswerIsSignedAsItIsReturned) {
    World w(translating());
    answer_chat(w, kChat);
    w.run([](World& w) -> net::Task<void> {
        const std::string request = R"({"model":"m","input":"hi"})";
        const Reply reply = co_await w.post("/v1/responses", request);
        EXPECT_EQ(reply.status, 200);
        EXPECT_NE(reply.body.find(R"("type":"output_text","text":"hello")"), std::string::npos);
        EXPECT_EQ(w.last_engine_body, R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
        const std::string stored = w.receipt("chatcmpl-7");
        EXPECT_EQ(event_hash(stored, "request.received"), sha256_of(request));
        EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(reply.body));
        EXPECT_EQ(event_of(stored, "lumoz.translated"), translated("responses"));
    }(w));
}

TEST(Translated, StreamIsSignedAsItIsReturned) {
    for (const std::string page : {"messages", "responses"}) {
        World w(translating());
        std::vector<std::string> bytes;
        for (const char c : kChatStream)
            bytes.emplace_back(1, c);
        stream_chat(w, bytes);
        w.run([](World& w, std::string page) -> net::Task<void> {
            const std::string request = R"({"stream":true,"input":"hi","messages":[]})";
            const Reply reply = co_await w.post("/v1/" + page, request);
            EXPECT_EQ(reply.status, 200);
            EXPECT_TRUE(reply.clean);
            EXPECT_EQ(reply.headers.get("Content-Type"), "text/event-stream");
            EXPECT_NE(reply.body.find("hé"), std::string::npos);
            EXPECT_EQ(reply.body.find("data: [DONE]"), std::string::npos);
            EXPECT_NE(
                reply.body.find(page == "messages" ? "event: message_stop\n" : "event: response.completed\n"),
                std::string::npos);
            const std::string stored = w.receipt("chatcmpl-7");
            EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(reply.body));
            EXPECT_EQ(event_of(stored, "lumoz.translated"), translated(page));
            EXPECT_TRUE(w.store->last.signatures.has_value());
        }(w, page));
    }
}

TEST(Translated, TheLastEventWaitsForTheReceipt) {
    World w(translating());
    w.store->failing = true;
    stream_chat(w, {kChatStream});
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/messages", R"({"stream":true,"messages":[]})");
        EXPECT_FALSE(reply.clean);
        EXPECT_EQ(reply.body.find("message_stop"), std::string::npos);
        EXPECT_TRUE(reply.body.ends_with("\n\n"));
        EXPECT_NE(
            reply.body.find("event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"Receipts"),
            std::string::npos);
    }(w));
}

TEST(Translated, ProofFollowsTheLastEvent) {
    World w(translating());
    stream_chat(w, {kChatStream});
    w.run([](World& w) -> net::Task<void> {
        const net::Headers headers{{"X-Proof", "inline"}};
        const Reply reply =
            co_await w.ask("POST", "/v1/messages", headers, R"({"stream":true,"messages":[]})");
        const std::size_t proof = reply.body.find("event: proof\n");
        EXPECT_NE(proof, std::string::npos);
        if (proof == std::string::npos) co_return;
        const std::string signed_part = reply.body.substr(0, proof);
        EXPECT_TRUE(signed_part.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
        EXPECT_EQ(event_hash(w.receipt("chatcmpl-7"), "response.returned"), sha256_of(signed_part));
    }(w));
}

TEST(Translated, WhatCannotBeTranslatedIsARefusalWithAReceipt) {
    World w(translating());
    answer_chat(w, kChat);
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/responses", R"({"input":"hi","previous_response_id":"r"})");
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error_type(), "bad_request");
        EXPECT_EQ(reply.error_member("message"),
                  "previous_response_id: answers are not kept here; send the whole conversation as input");
        EXPECT_EQ(w.last_engine_body, "");
        const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
        EXPECT_EQ(event_of(stored, "request.forwarded"), "");
        EXPECT_EQ(event_of(stored, "lumoz.translated"), "");
        EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(reply.body));
    }(w));
}

TEST(Translated, AnEngineThatAnswersNonsenseIs502) {
    for (
        const auto& [body, type] :
        {std::pair("{}", "application/json"), std::pair("hello", "text/plain"),
         std::pair("", "application/json"),
         std::pair(R"({"choices":[{"message":{"content":7}}]})", "application/json"),
         std::pair("data: nonsense\n\n", "text/event-stream"),
         std::pair(
             R"({"choices":[{"message":{"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{x"}}]}}]})",
             "application/json")}) {
        World w(translating());
        answer_chat(w, body, type);
        w.run([](World& w) -> net::Task<void> {
            const Reply reply = co_await w.post("/v1/messages", kMessages);
            EXPECT_EQ(reply.status, 502);
            EXPECT_EQ(reply.error_type(), "upstream_error");
            EXPECT_EQ(reply.error_code(), "engine_garbage");
            EXPECT_NE(
                event_of(w.receipt(std::string(reply.headers.get("X-Receipt-Id"))), "response.returned"), "");
        }(w));
    }
}

TEST(Translated, AStreamThatBreaksHasAReceiptThatSaysSo) {
    for (const bool clean : {true, false}) {
        World w(translating());
        stream_chat(w, {chunk(R"({"content":"x"})")}, clean);
        w.run([](World& w) -> net::Task<void> {
            const Reply reply = co_await w.post("/v1/messages", R"({"stream":true,"messages":[]})");
            EXPECT_FALSE(reply.clean);
            EXPECT_EQ(reply.body.find("message_stop"), std::string::npos);
            EXPECT_NE(reply.body.find("event: error\ndata: {\"type\":\"error\",\"error\":{"),
                      std::string::npos);
            const std::string stored = w.receipt(std::string(reply.headers.get("X-Receipt-Id")));
            EXPECT_NE(event_of(stored, "lumoz.completeness").find(R"("cut_by":"engine")"), std::string::npos);
            EXPECT_EQ(event_hash(stored, "response.returned"), sha256_of(reply.body));
            EXPECT_FALSE(w.store->last.signatures.has_value());
        }(w));
    }
}

TEST(Translated, NonsenseInAStreamCutsIt) {
    World w(translating());
    stream_chat(w, {chunk(R"({"content":"x"})"), "data: {\"choices\":7}\n\n", "data: [DONE]\n\n"});
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/messages", R"({"stream":true,"messages":[]})");
        EXPECT_FALSE(reply.clean);
        EXPECT_EQ(reply.body.find("message_stop"), std::string::npos);
        EXPECT_NE(reply.body.find("event: error\n"), std::string::npos);
        EXPECT_NE(event_of(w.receipt("chatcmpl-7"), "lumoz.completeness").find(R"("cut_by":"engine")"),
                  std::string::npos);
    }(w));
}

TEST(Translated, AnEngineThatSpeaksTheProtocolGetsItAsItIs) {
    World w({.change = [](Config& c) { c.engine_speaks = {"chat.completions", "messages"}; }});
    const std::string answer = R"({"id":"msg_1","type":"message"})";
    script(w, "/v1/messages", {answer});
    w.run([](World& w, const std::string& answer) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/messages", kMessages);
        EXPECT_EQ(reply.body, answer);
        EXPECT_EQ(w.last_engine_body, kMessages);
        EXPECT_EQ(event_of(w.receipt("msg_1"), "lumoz.translated"), "");
    }(w, answer));
}

TEST(Translated, ErrorsOfMessagesHaveAnthropicsOuterType) {
    World w({.tokens = testing::token_line("a", "t"),
             .change = [](Config& c) { c.engine_speaks = {"chat.completions"}; }});
    answer_chat(w, R"({"error":{"type":"exceed_context_size_error","message":"MARKER"}})", "application/json",
                400);
    w.run([](World& w) -> net::Task<void> {
        const Reply unauthorized = co_await w.post("/v1/messages", kMessages);
        EXPECT_EQ(unauthorized.status, 401);
        EXPECT_TRUE(unauthorized.body.starts_with(R"({"type":"error","error":{"message":)"));
        EXPECT_EQ(unauthorized.error_type(), "unauthorized");
        const Reply refused = co_await w.post("/v1/messages", kMessages, "t");
        EXPECT_EQ(refused.status, 400);
        EXPECT_TRUE(refused.body.starts_with(R"({"type":"error","error":{"message":)"));
        EXPECT_EQ(refused.error_code(), "context_length_exceeded");
        EXPECT_EQ(refused.body.find("MARKER"), std::string::npos);
        const Reply plain = co_await w.post("/v1/chat/completions", R"({"messages":[]})");
        EXPECT_TRUE(plain.body.starts_with(R"({"error":{)"));
    }(w));
}

TEST(Translated, SpeaksIsCheckedAndItsDefaultFollowsTheEngine) {
    const auto speaks = [](ConfigValues values) {
        const auto made = make_config(values);
        return made ? made->engine_speaks : std::vector<std::string>{made.error().detail};
    };
    const ConfigValues url{{"engine.kind", std::string("url")}, {"engine.url", std::string("http://x")}};
    using Names = std::vector<std::string>;
    EXPECT_EQ(speaks({{"model.path", std::string("m")}}),
              (Names{"chat.completions", "messages", "responses"}));
    EXPECT_EQ(speaks(url), Names{"chat.completions"});
    ConfigValues said = url;
    said["engine.speaks"] = Names{"messages"};
    EXPECT_EQ(speaks(said), Names{"messages"});
    said["engine.speaks"] = Names{"chat"};
    EXPECT_EQ(speaks(said),
              Names{"engine.speaks may name \"chat.completions\", \"messages\" and \"responses\""});
    for (const Names& names : {Names{}, Names{"responses"}}) {
        said["engine.speaks"] = names;
        EXPECT_EQ(speaks(said), Names{"engine.speaks must name \"chat.completions\" or \"messages\""});
    }
}

TEST(Translated, ChatBeforeAnEngineThatSpeaksMessagesOnly) {
    World w({.change = [](Config& c) { c.engine_speaks = {"messages"}; }});
    script(w, "/v1/messages",
           {R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":)"
            R"([{"type":"text","text":"yes"}],"stop_reason":"end_turn",)"
            R"("usage":{"input_tokens":1,"output_tokens":2}})"});
    w.run([](World& w) -> net::Task<void> {
        const Reply reply = co_await w.post("/v1/chat/completions",
                                            R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
        EXPECT_EQ(reply.status, 200);
        EXPECT_NE(reply.body.find(R"("message":{"role":"assistant","content":"yes"})"), std::string::npos);
        EXPECT_EQ(w.last_engine_body,
                  R"({"model":"m","system":[],"messages":[{"role":"user","content":"hi"}],)"
                  R"("max_tokens":4096})");
        const std::string stored = w.receipt("msg_1");
        EXPECT_EQ(event_hash(stored, "request.forwarded"), sha256_of(w.last_engine_body));
        EXPECT_EQ(event_of(stored, "lumoz.translated"),
                  R"({"from":"chat.completions","to":"messages","type":"lumoz.translated"})");
    }(w));
}

TEST(Translated, RequestsAreTidiedWhereTheOperatorSaysSo) {
    for (const bool tidy : {true, false}) {
        World w({.change = [tidy](Config& c) { c.engine_tidy_requests = tidy; }});
        answer_chat(w, kChat);
        w.run([](World& w, bool tidy) -> net::Task<void> {
            const std::string request = R"({"model":"m","messages":[ ],"temperature":5,"stranger":1})";
            const Reply reply = co_await w.post("/v1/chat/completions", request);
            EXPECT_EQ(reply.body, kChat);
            EXPECT_EQ(w.last_engine_body, tidy ? R"({"model":"m","messages":[ ],"temperature":2})" : request);
            const std::string stored = w.receipt("chatcmpl-7");
            EXPECT_EQ(event_hash(stored, "request.received"), sha256_of(request));
            EXPECT_EQ(event_hash(stored, "request.forwarded"), sha256_of(w.last_engine_body));
            EXPECT_EQ(event_of(stored, "lumoz.translated"),
                      tidy
                          ? R"({"from":"chat.completions","to":"chat.completions","type":"lumoz.translated"})"
                          : "");
        }(w, tidy));
    }
}

}  // namespace
}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// What the tests of translate/ share.
#pragma once

#include "translate/translation.hpp"

#include <gtest/gtest.h>

namespace lumoz::translate::testing {

inline const AnswerFacts kFacts{.id = "rcpt-1", .now = 1'800'000'000};

/// The translation of a request that must be translatable.
inline std::unique_ptr<Translation> translation_of(Protocol protocol, std::string_view request) {
    auto made = Translation::of(protocol, request, {}, kFacts);
    if (!made) ADD_FAILURE() << made.error().detail << " in " << request;
    return made ? std::move(*made) : nullptr;
}

inline std::string chat_of(Protocol protocol, std::string_view request) {
    const auto made = translation_of(protocol, request);
    return made ? made->request() : std::string();
}
inline std::string chat_of_messages(std::string_view request) {
    return chat_of(Protocol::Messages, request);
}

/// What the client reads of a refused request; empty when it was not refused.
inline std::string refusal_of(Protocol protocol, std::string_view request) {
    const auto made = Translation::of(protocol, request, {}, kFacts);
    if (made) return {};
    EXPECT_EQ(made.error().rule, "E_TRANSLATE_REQUEST") << request;
    return made.error().detail;
}
inline std::string refusal_of_messages(std::string_view request) {
    return refusal_of(Protocol::Messages, request);
}

/// What the client gets for a whole answer of the engine, or `error: ` and the reason.
inline std::string answer_of(Protocol protocol, std::string_view request, std::string_view engine_answer) {
    const auto made = translation_of(protocol, request);
    if (!made) return {};
    const Result<std::string> out = made->answer(engine_answer);
    return out ? *out : "error: " + out.error().detail;
}

/// An event of an engine that speaks chat completions.
inline std::string chunk(std::string_view delta, std::string_view finish = "null") {
    return R"(data: {"id":"c","model":"m","created":7,"choices":[{"index":0,"delta":)" + std::string(delta) +
           R"(,"finish_reason":)" + std::string(finish) + "}]}\n\n";
}

/// The whole stream in pieces of `size` bytes, or `error: ` and the reason.
inline std::string stream_of(Protocol protocol, std::string_view request, std::string_view stream,
                             std::size_t size) {
    const auto made = translation_of(protocol, request);
    if (!made) return {};
    std::string out;
    for (std::size_t at = 0; at < stream.size(); at += size) {
        std::string piece;
        const Status read = made->piece(as_bytes(stream.substr(at, size)), piece);
        out += piece;
        if (!read) return out + "error: " + read.error().detail;
    }
    return out;
}

/// The stream is `want`, in pieces of any size and in two pieces cut anywhere.
inline void expect_stream(Protocol protocol, std::string_view request, std::string_view stream,
                          std::string_view want) {
    EXPECT_EQ(stream_of(protocol, request, stream, stream.size()), want);
    for (std::size_t size = 1; size <= 64; ++size)
        ASSERT_EQ(stream_of(protocol, request, stream, size), want) << size;
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        const auto made = translation_of(protocol, request);
        ASSERT_NE(made, nullptr);
        std::string first;
        std::string second;
        ASSERT_TRUE(made->piece(as_bytes(stream.substr(0, at)), first));
        ASSERT_TRUE(made->piece(as_bytes(stream.substr(at)), second));
        ASSERT_EQ(first + second, want) << at;
        ASSERT_TRUE(first.empty() || first.ends_with("\n\n")) << at;
    }
}

}  // namespace lumoz::translate::testing

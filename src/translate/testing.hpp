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

}  // namespace lumoz::translate::testing

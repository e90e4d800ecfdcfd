// SPDX-License-Identifier: Apache-2.0
// What holds for every translation, whatever a client asks and an engine answers. An input is up to three
// parts with a zero byte between them: the client's request, a whole answer, a stream; missing ones are
// empty.
#pragma once

#include "fuzz.hpp"
#include "translate/translation.hpp"

#include <array>

namespace lumoz::fuzz {

inline bool is_json_object(std::string_view text) {
    const auto document = json::Document::parse(text, {.max_bytes = std::size_t{64} << 20, .max_depth = 256});
    return document && document->root().is_object();
}

/// Every event is an optional name and one line of data that is a JSON object, or a comment, or `[DONE]`.
inline void hold_events(std::string_view stream) {
    while (!stream.empty()) {
        const std::size_t end = stream.find("\n\n");
        hold(end != std::string_view::npos);
        std::string_view event = stream.substr(0, end);
        stream.remove_prefix(end + 2);
        if (event == ":") continue;
        if (event.starts_with("event: ")) event.remove_prefix(std::min(event.find('\n') + 1, event.size()));
        hold(event.starts_with("data: "));
        event.remove_prefix(6);
        hold(event.find_first_of("\r\n") == std::string_view::npos);
        hold(event == "[DONE]" || is_json_object(event));
    }
}

/// The stream in pieces of `size` bytes, up to its first error.
inline std::string translated_stream(translate::Translation& translation, std::string_view stream,
                                     std::size_t size) {
    std::string out;
    for (std::size_t at = 0; at < stream.size(); at += size) {
        std::string piece;
        const Status read = translation.piece(as_bytes(stream.substr(at, size)), piece);
        out += piece;
        if (!read) {
            hold(read.error().rule == "E_TRANSLATE_ANSWER");
            break;
        }
    }
    return out;
}

inline void hold_translation(translate::Protocol protocol, std::string_view input) {
    const std::size_t first = std::min(input.find('\0'), input.size());
    const std::string_view rest = input.substr(std::min(first + 1, input.size()));
    const std::size_t second = std::min(rest.find('\0'), rest.size());
    const std::string_view stream = rest.substr(std::min(second + 1, rest.size()));

    const translate::AnswerFacts facts{.id = "rcpt-0", .now = 1};
    auto made = translate::Translation::of(protocol, input.substr(0, first), {.max_depth = 64}, facts);
    if (!made) {
        hold(made.error().rule == "E_TRANSLATE_REQUEST" || made.error().rule == "E_JSON");
        // The other two parts deserve a look all the same.
        made = translate::Translation::of(protocol, R"({"messages":[],"input":""})", {}, facts);
        hold(made.has_value());
    }
    hold(is_json_object((*made)->request()));
    hold((*made)->request().size() <= 16 * first + 4'096);
    const Result<std::string> answer = (*made)->answer(rest.substr(0, second));
    hold(answer ? is_json_object(*answer) : answer.error().rule == "E_TRANSLATE_ANSWER");

    const std::string whole = translated_stream(**made, stream, stream.size() + 1);
    hold_events(whole);
    // The cut does not matter: a second translation byte by byte gives the same.
    auto again = translate::Translation::of(protocol, input.substr(0, first), {.max_depth = 64}, facts);
    if (!again) again = translate::Translation::of(protocol, R"({"messages":[],"input":""})", {}, facts);
    hold(translated_stream(**again, stream, 1) == whole);
}

}  // namespace lumoz::fuzz

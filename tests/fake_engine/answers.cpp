// SPDX-License-Identifier: Apache-2.0
#include "answers.hpp"

#include "base/json.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <unistd.h>

namespace lumoz::fake_engine {
namespace {

constexpr std::string_view kWords =
    "the quick brown fox jumps over the lazy dog while nobody counts its words ";

std::string words(std::size_t size) {
    std::string out;
    out.reserve(size + kWords.size());
    while (out.size() < size)
        out += kWords;
    out.resize(size);
    return out;
}

std::string head(const Script& script, const std::string& id, std::string_view object) {
    std::string out = "{";
    if (!script.no_id) out.append("\"id\":\"").append(id).append("\",");
    out.append("\"object\":\"")
        .append(object)
        .append("\",\"created\":1750000000,\"model\":\"scripted\",\"choices\":[{\"index\":0,");
    return out;
}

std::string id_of(const Script& script) {
    return script.id.empty() ? next_id() : script.id;
}

}  // namespace

std::string next_id() {
    static std::atomic<std::uint32_t> counter{0};
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "chatcmpl-%08x%08x", static_cast<unsigned>(getpid()),
                  counter.fetch_add(1, std::memory_order_relaxed));
    return text.data();
}

std::string plain_answer(const Script& script, bool completions) {
    if (script.not_json) return words(script.size);
    std::string out = head(script, id_of(script), completions ? "text_completion" : "chat.completion");
    if (completions) {
        out.append("\"text\":\"").append(words(script.size)).append("\"");
    } else {
        out.append("\"message\":{\"role\":\"assistant\",\"content\":\"")
            .append(words(script.size))
            .append("\"}");
    }
    return out.append(
        ",\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_"
        "tokens\":7}}");
}

std::vector<std::string> stream_answer(const Script& script, bool completions) {
    const std::string_view end = script.crlf ? "\r\n\r\n" : "\n\n";
    const std::string start =
        "data: " + head(script, id_of(script), completions ? "text_completion" : "chat.completion.chunk");
    const std::size_t chunks = std::max<std::size_t>(script.chunks, 1);
    const std::string text = words(std::max(script.size, chunks));
    const std::size_t each = text.size() / chunks;
    std::vector<std::string> events;
    events.reserve(chunks + 2);
    for (std::size_t i = 0; i < chunks; ++i) {
        const bool last = i + 1 == chunks;
        const std::string_view part = std::string_view(text).substr(i * each, last ? text.npos : each);
        std::string event = start;
        event.append(completions ? "\"text\":\"" : "\"delta\":{\"content\":\"").append(part);
        event.append(completions ? "\"" : "\"}").append(",\"finish_reason\":null}]}").append(end);
        events.push_back(std::move(event));
    }
    std::string finish = start;
    finish.append(completions ? "\"text\":\"\"" : "\"delta\":{}")
        .append(",\"finish_reason\":\"stop\"}]}")
        .append(end);
    events.push_back(std::move(finish));
    if (!script.no_done) events.push_back("data: [DONE]" + std::string(end));
    return events;
}

std::string error_answer(ByteView request) {
    constexpr std::size_t kQuoted = 4096;
    const std::string_view text = as_text(request).substr(0, kQuoted);
    json::Writer w;
    w.object();
    w.key("error").object();
    w.key("message").string("cannot handle the input: " + std::string(text));
    w.key("type").string("invalid_request_error");
    w.key("param").null();
    w.key("code").null();
    w.end().end();
    return std::move(w).text();
}

}  // namespace lumoz::fake_engine

// SPDX-License-Identifier: Apache-2.0
#include "script.hpp"

#include "base/json.hpp"

namespace lumoz::fake_engine {
namespace {

void take(const json::Value& fake, std::string_view name, bool& into) {
    if (const auto v = fake.find(name)) into = v->as_bool().value_or(into);
}

template <class Int>
void take_number(const json::Value& fake, std::string_view name, Int& into) {
    const auto v = fake.find(name);
    if (v && v->as_int()) into = static_cast<Int>(*v->as_int());
}

template <class Duration>
void take_time(const json::Value& fake, std::string_view name, Duration& into) {
    const auto v = fake.find(name);
    if (v && v->as_int()) into = Duration(*v->as_int());
}

}  // namespace

Script script_for(const Script& defaults, ByteView body) {
    Script script = defaults;
    const std::string_view text = as_text(body);
    script.stream = text.find("\"stream\":true") != text.npos || text.find("\"stream\": true") != text.npos;
    if (text.find("\"fake\"") == text.npos) return script;
    const auto document = json::Document::parse(text, {.max_bytes = std::size_t{64} << 20, .max_depth = 64});
    const auto fake = document ? document->root().find("fake") : std::nullopt;
    if (!fake) return script;
    take_number(*fake, "chunks", script.chunks);
    take_number(*fake, "size", script.size);
    take_time(*fake, "interval_us", script.interval);
    take_time(*fake, "delay_ms", script.delay);
    take_number(*fake, "status", script.status);
    take_number(*fake, "cut_bytes", script.cut_bytes);
    take_number(*fake, "split", script.split);
    take(*fake, "hang", script.hang);
    take(*fake, "crlf", script.crlf);
    take(*fake, "no_done", script.no_done);
    take(*fake, "no_id", script.no_id);
    take(*fake, "chunked", script.chunked);
    take(*fake, "not_json", script.not_json);
    if (const auto id = fake->find("id")) script.id = id->as_string().value_or("");
    return script;
}

}  // namespace lumoz::fake_engine

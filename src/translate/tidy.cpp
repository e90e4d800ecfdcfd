// SPDX-License-Identifier: Apache-2.0
#include "translate/tidy.hpp"

namespace lumoz::translate {
namespace {

using json::Value;

struct Range {
    std::string_view name;
    double low;
    double high;
    std::string_view low_text;
    std::string_view high_text;
    std::string_view otherwise;  ///< the protocol's default
};
constexpr std::array<Range, 4> kRanges{{
    {"temperature", 0, 2, "0", "2", "1"},
    {"top_p", 0, 1, "0", "1", "1"},
    {"frequency_penalty", -2, 2, "-2", "2", "0"},
    {"presence_penalty", -2, 2, "-2", "2", "0"},
}};
constexpr std::string_view kDefaultMark = "gateway-default";

constexpr std::array<std::string_view, 35> kChat{
    "model",
    "messages",
    "functions",
    "function_call",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "n",
    "stream",
    "stream_options",
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "user",
    "seed",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "logprobs",
    "top_logprobs",
    "reasoning_effort",
    "verbosity",
    "modalities",
    "audio",
    "prediction",
    "store",
    "metadata",
    "service_tier",
    "web_search_options",
    "safety_identifier",
    "prompt_cache_key",
    "reasoning",
};
constexpr std::array<std::string_view, 18> kCompletions{
    "model",
    "prompt",
    "suffix",
    "max_tokens",
    "temperature",
    "top_p",
    "n",
    "stream",
    "stream_options",
    "logprobs",
    "echo",
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "best_of",
    "logit_bias",
    "user",
    "seed",
};
constexpr std::array<std::string_view, 27> kResponses{
    "model",
    "input",
    "instructions",
    "previous_response_id",
    "store",
    "stream",
    "stream_options",
    "include",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "reasoning",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "top_logprobs",
    "truncation",
    "user",
    "background",
    "conversation",
    "prompt",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
};
constexpr std::array<std::string_view, 20> kMessages{
    "model",       "messages",       "system",        "max_tokens",
    "metadata",    "stop_sequences", "stream",        "temperature",
    "top_k",       "top_p",          "tools",         "tool_choice",
    "thinking",    "service_tier",   "container",     "context_management",
    "mcp_servers", "output_config",  "output_format", "cache_control",
};

std::span<const std::string_view> members_of(RequestForm form) {
    switch (form) {
        case RequestForm::Chat:
            return kChat;
        case RequestForm::Completions:
            return kCompletions;
        case RequestForm::Responses:
            return kResponses;
        case RequestForm::Messages:
            break;
    }
    return kMessages;
}

bool known(RequestForm form, std::string_view name) {
    const auto has = [&](std::span<const std::string_view> names) {
        return std::ranges::find(names, name) != names.end();
    };
    if (has(members_of(form))) return true;
    return form != RequestForm::Messages && has(engine_extensions());
}

Result<std::string_view> tidy_number(const Range& range, const Value& value) {
    if (value.as_string() == kDefaultMark) return range.otherwise;
    const std::optional<double> number = value.as_double();
    if (!number) return refuse(range.name, "must be a number");
    if (*number < range.low) return range.low_text;
    if (*number > range.high) return range.high_text;
    return value.raw();
}

}  // namespace

Result<std::string> tidy_request(RequestForm form, const Value& body) {
    json::Writer out;
    out.object();
    for (const Value::Member& member : body.members()) {
        if (!known(form, member.name)) continue;
        const auto* const range = std::ranges::find(kRanges, member.name, &Range::name);
        if (range == kRanges.end() || member.value.is_null()) {
            out.key(member.name).raw(member.value.raw());
            continue;
        }
        LUMOZ_TRY(const std::string_view number, tidy_number(*range, member.value));
        out.key(member.name).raw(number);
    }
    out.end();
    return std::move(out).text();
}

}  // namespace lumoz::translate

// SPDX-License-Identifier: Apache-2.0
// `anthropic_translation`: translation between the OpenAI and Anthropic wire formats. `format` is what the
// engine speaks, `fn` what the client asks for. JSON documents are compared by their canonical form.
#include "app/vectors/check.hpp"
#include "app/vectors/suites.hpp"
#include "translate/translation.hpp"

namespace lumoz::app::vectors {
namespace {

using translate::Protocol;
using translate::Translation;

const translate::AnswerFacts kFacts{.id = "fb", .now = 0};

Status same_json(std::string_view what, const json::Value& want, std::string_view have) {
    LUMOZ_TRY(const std::string canonical, json::canonical(have));
    return same(what, json::canonical(want), canonical);
}

Status run_request(const Case& c, std::string_view format, std::string_view fn) {
    LUMOZ_TRY(const json::Value input, member(c.value, "input"));
    if (format == "openai" && fn == "messages") {
        const auto made = Translation::of(Protocol::Messages, input.raw(), {}, kFacts);
        if (!made) return unexpected_error(made.error());
        LUMOZ_TRY(const json::Value want, member(c.value, "output"));
        return same_json("request", want, (*made)->request());
    }
    return mismatch("no translation of this kind");
}

Status run_response(const Case& c, std::string_view format, std::string_view fn) {
    LUMOZ_TRY(const json::Value input, member(c.value, "input"));
    LUMOZ_TRY(const json::Value want, member(c.value, "output"));
    if (format == "openai" && fn == "messages") {
        LUMOZ_TRY(const auto made, Translation::of(Protocol::Messages, R"({"messages":[]})", {}, kFacts));
        const Result<std::string> have = made->answer(input.raw());
        if (!have) return unexpected_error(have.error());
        return same_json("response", want, *have);
    }
    return mismatch("no translation of this kind");
}

Status run_translation(const Case& c) {
    LUMOZ_TRY(const std::string kind, text(c.value, "kind"));
    LUMOZ_TRY(const std::string format, text(c.value, "format"));
    LUMOZ_TRY(const std::string fn, text(c.value, "fn"));
    if (kind == "request") return run_request(c, format, fn);
    if (kind == "response") return run_response(c, format, fn);
    return mismatch("no translation of this kind");
}

}  // namespace

void add_translation(Handlers& handlers) {
    handlers["anthropic_translation"] = run_translation;
}

}  // namespace lumoz::app::vectors

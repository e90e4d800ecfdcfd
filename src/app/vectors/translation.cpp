// SPDX-License-Identifier: Apache-2.0
// `anthropic_translation`: translation between the OpenAI and Anthropic wire formats. `format` is what the
// engine speaks, `fn` what the client asks for; where both are the same the request is only tidied (what
// `engine.tidy_requests` does). JSON documents are compared by their canonical form.
#include "translate/translation.hpp"

#include "app/vectors/check.hpp"
#include "app/vectors/suites.hpp"
#include "translate/tidy.hpp"

namespace lumoz::app::vectors {
namespace {

using translate::Protocol;
using translate::Translation;

constexpr json::Limits kLimits{.max_bytes = std::size_t{16} << 20, .max_depth = 64};
const translate::AnswerFacts kFacts{.id = "fb", .now = 0};

/// The document without `created`, the time of the answer, which no vector can know.
std::string without_time(const json::Value& value) {
    json::Writer out;
    out.object();
    for (const json::Value::Member& member : value.members())
        if (member.name != "created") out.key(member.name).raw(member.value.raw());
    out.end();
    return std::move(out).text();
}

Status same_json(std::string_view what, const json::Value& want, std::string_view have) {
    LUMOZ_TRY(const json::Document document, json::Document::parse(have, kLimits));
    LUMOZ_TRY(const std::string canonical, json::canonical(without_time(document.root()), kLimits));
    return same(what, json::canonical(want), canonical);
}

/// The translation between what the client asks for and what the engine speaks, if they differ.
std::optional<Protocol> protocol_of(std::string_view format, std::string_view fn) {
    if (format == "openai" && fn == "messages") return Protocol::Messages;
    if (format == "anthropic" && fn != "messages") return Protocol::Chat;
    return std::nullopt;
}

/// The form of a request that the engine gets in the client's own protocol.
Result<translate::RequestForm> form_of(std::string_view fn) {
    if (fn == "chatComplete") return translate::RequestForm::Chat;
    if (fn == "complete") return translate::RequestForm::Completions;
    if (fn == "createModelResponse") return translate::RequestForm::Responses;
    if (fn == "messages") return translate::RequestForm::Messages;
    return fail(Errc::Malformed, "E_VECTOR", "vectors.translation", "a call that is not known");
}

Result<std::string> request_of(const json::Value& input, std::string_view format, std::string_view fn) {
    if (const std::optional<Protocol> protocol = protocol_of(format, fn)) {
        LUMOZ_TRY(const auto made, Translation::of(*protocol, input.raw(), kLimits, kFacts));
        return made->request();
    }
    LUMOZ_TRY(const translate::RequestForm form, form_of(fn));
    return translate::tidy_request(form, input);
}

Status run_request(const Case& c, std::string_view format, std::string_view fn) {
    LUMOZ_TRY(const json::Value input, member(c.value, "input"));
    const Result<std::string> have = request_of(input, format, fn);
    const std::optional<json::Value> refused = c.value.find("error");
    if (refused && refused->as_bool() == true) {
        if (have) return mismatch("translated, but must be refused");
        return same("rule", "E_TRANSLATE_REQUEST", have.error().rule);
    }
    if (!have) return unexpected_error(have.error());
    LUMOZ_TRY(const json::Value want, member(c.value, "output"));
    return same_json("request", want, *have);
}

Status run_response(const Case& c, std::string_view format, std::string_view fn) {
    LUMOZ_TRY(const json::Value input, member(c.value, "input"));
    LUMOZ_TRY(const json::Value want, member(c.value, "output"));
    const std::optional<Protocol> protocol = protocol_of(format, fn);
    // Answers of the client's own protocol pass byte for byte.
    if (!protocol) return same_json("response", want, input.raw());
    LUMOZ_TRY(const auto made, Translation::of(*protocol, R"({"messages":[]})", kLimits, kFacts));
    const Result<std::string> have = made->answer(input.raw());
    if (!have) return unexpected_error(have.error());
    return same_json("response", want, *have);
}

/// The data of each event of our stream; `[DONE]` as the vectors write it.
std::vector<std::string> data_of(std::string_view stream) {
    std::vector<std::string> out;
    constexpr std::string_view kData = "data: ";
    while (!stream.empty()) {
        const std::size_t end = std::min(stream.find("\n\n"), stream.size());
        const std::string_view event = stream.substr(0, end);
        stream.remove_prefix(std::min(end + 2, stream.size()));
        const std::size_t at = event.find(kData);
        if (at == std::string_view::npos) continue;
        const std::string_view data = event.substr(at + kData.size());
        out.emplace_back(data == "[DONE]" ? R"({"__done":true})" : data);
    }
    return out;
}

/// In pieces of every size from one byte up: the cut must not matter.
Status run_stream(const Case& c, std::string_view format, std::string_view fn) {
    LUMOZ_TRY(const json::Value events, member(c.value, "events"));
    LUMOZ_TRY(const json::Value output, member(c.value, "output"));
    const std::optional<Protocol> protocol = protocol_of(format, fn);
    if (!protocol) return mismatch("a stream that is not translated");
    std::string stream;
    for (const json::Value& event : events.elements())
        stream += event.as_string().value_or("") + "\n\n";
    // An end mark that the engine writes itself passes, and is no output of the translation in these vectors.
    const bool own_end = stream.ends_with("data: [DONE]\n\n");
    const std::vector<json::Value> want = output.elements();
    for (std::size_t size = 1; size <= stream.size(); ++size) {
        LUMOZ_TRY(const auto made, Translation::of(*protocol, R"({"messages":[]})", kLimits, kFacts));
        std::string have;
        for (std::size_t at = 0; at < stream.size(); at += size) {
            std::string piece;
            const Status read = made->piece(as_bytes(std::string_view(stream).substr(at, size)), piece);
            if (!read) return unexpected_error(read.error());
            have += piece;
        }
        const std::vector<std::string> data = data_of(have);
        if (data.size() != want.size() + (own_end ? 1 : 0))
            return mismatch("events: want " + std::to_string(want.size()) + ", have " +
                            std::to_string(data.size()));
        for (std::size_t i = 0; i < want.size(); ++i) {
            LUMOZ_CHECK_OK(same_json("event " + std::to_string(i), want[i], data[i]));
        }
    }
    return {};
}

Status run_translation(const Case& c) {
    LUMOZ_TRY(const std::string kind, text(c.value, "kind"));
    LUMOZ_TRY(const std::string format, text(c.value, "format"));
    LUMOZ_TRY(const std::string fn, text(c.value, "fn"));
    if (kind == "request") return run_request(c, format, fn);
    if (kind == "response") return run_response(c, format, fn);
    if (kind == "stream") return run_stream(c, format, fn);
    return mismatch("a kind that is not known");
}

}  // namespace

void add_translation(Handlers& handlers) {
    handlers["anthropic_translation"] = run_translation;
}

}  // namespace lumoz::app::vectors

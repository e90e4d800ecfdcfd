// SPDX-License-Identifier: Apache-2.0
#include "gateway/request_body.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"

namespace lumoz::gateway {
namespace {

using json::Value;

std::unexpected<ApiError> bad(std::string message) {
    return std::unexpected(api_error(Failure::BadRequest, std::move(message)));
}
std::unexpected<ApiError> bad_aci(std::string message) {
    return std::unexpected(api_error(Failure::InvalidAciRequest, std::move(message)));
}

bool is_session_id(const Value& value) {
    const std::optional<std::string> text = value.as_string();
    return text && text->size() == 64 && is_lower_hex(*text);
}

/// True when the constraints name sessions. A direct service satisfies `aci_verified` by itself.
std::expected<bool, ApiError> check_constraints(const std::vector<Value::Member>& provider) {
    bool refused_verified = false;
    bool has_sessions = false;
    for (const Value::Member& member : provider) {
        if (!member.name.starts_with("aci_")) continue;
        if (member.name == "aci_verified") {
            const std::optional<bool> verified = member.value.as_bool();
            if (!verified) return bad_aci("provider.aci_verified must be a boolean");
            refused_verified = !*verified;
        } else if (member.name == "aci_session_ids") {
            const std::vector<Value> ids = member.value.elements();
            if (ids.empty() || !std::ranges::all_of(ids, is_session_id))
                return bad_aci(
                    "provider.aci_session_ids must be a non-empty array of 64 lowercase hex digits");
            has_sessions = true;
        } else {
            return bad_aci("unknown provider.aci_ member");
        }
    }
    if (has_sessions && refused_verified)
        return bad_aci("provider.aci_session_ids contradicts aci_verified: false");
    return has_sessions;
}

/// The body with the ACI members of `provider` cut out at their byte spans; every other byte stays.
std::string without_constraints(std::string_view body, const Value& provider,
                                const std::vector<Value::Member>& members) {
    const std::size_t begin = provider.offset();
    const std::size_t end = begin + provider.raw().size();
    std::string out(body.substr(0, begin + 1));
    std::size_t at = begin + 1;
    bool first = true;
    for (const Value::Member& member : members) {
        // What stands between two values: comma, white space, name and colon.
        const std::size_t value_end = member.value.offset() + member.value.raw().size();
        std::string_view text = body.substr(at, value_end - at);
        at = value_end;
        if (member.name.starts_with("aci_")) continue;
        const std::size_t comma = text.find_first_not_of(" \t\r\n");
        if (first && text[comma] == ',') text.remove_prefix(comma + 1);
        first = false;
        out += text;
    }
    out += body.substr(at, end - at);
    out += body.substr(end);
    return out;
}

}  // namespace

std::expected<RequestBody, ApiError> read_request_body(std::string_view body, std::size_t max_bytes,
                                                       std::uint32_t max_depth) {
    const Result<json::Document> parsed =
        json::Document::parse(body, {.max_bytes = max_bytes, .max_depth = max_depth, .any_number = true});
    if (!parsed) return bad("The request body is not valid JSON");
    const Value root = parsed->root();
    if (!root.is_object()) return bad("The request body must be a JSON object");
    RequestBody out;
    if (const std::optional<Value> model = root.find("model"); model && !model->is_null()) {
        out.model = model->as_string();
        if (!out.model) return bad("model must be a string");
    }
    if (const std::optional<Value> stream = root.find("stream"); stream && !stream->is_null()) {
        const std::optional<bool> flag = stream->as_bool();
        if (!flag) return bad("stream must be a boolean");
        out.stream = *flag;
    }
    const std::optional<Value> provider = root.find("provider");
    if (!provider || !provider->is_object()) return out;
    const std::vector<Value::Member> members = provider->members();
    const bool any =
        std::ranges::any_of(members, [](const Value::Member& m) { return m.name.starts_with("aci_"); });
    if (!any) return out;
    const std::expected<bool, ApiError> sessions = check_constraints(members);
    if (!sessions) return std::unexpected(sessions.error());
    if (*sessions) return std::unexpected(api_error(Failure::SessionNotAccepted));
    out.forwarded = without_constraints(body, *provider, members);
    return out;
}

}  // namespace lumoz::gateway

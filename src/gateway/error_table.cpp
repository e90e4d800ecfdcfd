// SPDX-License-Identifier: Apache-2.0
#include "gateway/error_table.hpp"

#include "base/json.hpp"

#include <array>

namespace lumoz::gateway {
namespace {

struct Row {
    Failure failure;
    int status;
    std::string_view type;
    std::string_view code;
    std::string_view message;
};

constexpr std::array kRows{
    Row{Failure::BadRequest, 400, "bad_request", "", "Bad request"},
    Row{Failure::FieldEncryption, 400, "e2ee_invalid_version", "",
        "Field encryption is not offered by this service"},
    Row{Failure::InvalidAciRequest, 400, "invalid_request_error", "", "Invalid request"},
    Row{Failure::Unauthorized, 401, "unauthorized", "", "Invalid or missing Authorization header"},
    Row{Failure::InsufficientCredits, 402, "insufficient_credits", "", "Insufficient credits"},
    Row{Failure::KeyCheckUnavailable, 503, "unavailable", "key_check_unavailable",
        "The API key cannot be checked now. Please try again later."},
    Row{Failure::NotFound, 404, "not_found", "", "Not found"},
    Row{Failure::ModelNotFound, 404, "not_found", "model_not_found",
        "The model does not exist on this service"},
    Row{Failure::EndpointNotOffered, 404, "not_found", "endpoint_not_offered",
        "The model does not answer this endpoint"},
    Row{Failure::SignatureNotFound, 404, "not_found", "", "Chat id not found or expired"},
    Row{Failure::Incomplete, 404, "not_found", "incomplete",
        "The answer was cut and has no signature; its receipt says so"},
    Row{Failure::MethodNotAllowed, 405, "method_not_allowed", "", "Method not allowed"},
    Row{Failure::RequestTimeout, 408, "request_timeout", "", "The request did not arrive in time"},
    Row{Failure::SessionNotAccepted, 412, "session_not_accepted", "",
        "This service answers itself and has no sessions"},
    Row{Failure::PayloadTooLarge, 413, "payload_too_large", "", "Request body too large"},
    Row{Failure::HeadersTooLarge, 431, "headers_too_large", "", "Request header fields too large"},
    Row{Failure::RateLimited, 429, "rate_limited", "", "Rate limit exceeded. Please try again later."},
    Row{Failure::ServerError, 500, "server_error", "", "Internal server error"},
    Row{Failure::EngineRefused, 400, "upstream_error", "", "The engine refused the request"},
    Row{Failure::EngineGarbage, 502, "upstream_error", "engine_garbage",
        "The engine's answer could not be read"},
    Row{Failure::EngineDown, 502, "upstream_error", "engine_down", "The engine cannot be reached"},
    Row{Failure::EngineNotReady, 503, "unavailable", "engine_not_ready", "The engine is not ready"},
    Row{Failure::EngineTimeout, 504, "upstream_error", "engine_timeout", "The engine took too long"},
    Row{Failure::ModelNotAttested, 503, "unavailable", "model_not_attested",
        "The evidence in force does not name this model yet. Please try again later."},
    Row{Failure::StoreUnhealthy, 503, "unavailable", "store_unavailable",
        "Receipts cannot be stored now, so nothing is answered"},
    Row{Failure::AttestationBusy, 503, "unavailable", "attestation_busy",
        "Too many requests for evidence. Please try again later."},
    Row{Failure::AttestationFailed, 503, "unavailable", "attestation_failed",
        "The TEE did not give evidence"},
    Row{Failure::TooManyConnections, 503, "unavailable", "too_many_connections",
        "Too many connections. Please try again later."},
    Row{Failure::Draining, 503, "unavailable", "draining", "The service is shutting down"},
    Row{Failure::KeysExpired, 503, "unavailable", "keys_expired", "The service's keys have expired"},
};

const Row& row(Failure failure) {
    for (const Row& candidate : kRows)
        if (candidate.failure == failure) return candidate;
    return kRows[0];
}

/// The engine's kinds of refusal that deserve a text of their own. The left column is matched exactly.
struct EngineRow {
    std::string_view engine_type;
    std::string_view type;
    std::string_view code;
    std::string_view message;
};
constexpr std::array kEngineRows{
    EngineRow{"exceed_context_size_error", "bad_request", "context_length_exceeded",
              "The request is longer than the model's context"},
    EngineRow{"invalid_request_error", "bad_request", "", "The engine refused the request as invalid"},
    EngineRow{"BadRequestError", "bad_request", "", "The engine refused the request as invalid"},
    EngineRow{"Bad Request", "bad_request", "", "The engine refused the request as invalid"},
    EngineRow{"BadRequest", "bad_request", "", "The engine refused the request as invalid"},
    EngineRow{"request_too_large", "payload_too_large", "", "The request is too large for the engine"},
    EngineRow{"overloaded_error", "unavailable", "engine_overloaded", "The engine has too much to do"},
    EngineRow{"ServiceUnavailableError", "unavailable", "engine_overloaded", "The engine has too much to do"},
    EngineRow{"not_found_error", "not_found", "", "The engine does not know what was asked for"},
    EngineRow{"NotFoundError", "not_found", "", "The engine does not know what was asked for"},
    EngineRow{"not_supported_error", "upstream_error", "not_supported",
              "The engine does not support this request"},
    EngineRow{"unavailable_error", "unavailable", "engine_not_ready", "The engine is not ready"},
    EngineRow{"rate_limit_error", "rate_limited", "", "Rate limit exceeded. Please try again later."},
    EngineRow{"rate_limit_exceeded", "rate_limited", "", "Rate limit exceeded. Please try again later."},
};

/// What of an engine's error is looked at.
struct EngineError {
    std::string type;
    bool too_long = false;  ///< it says that the request is longer than the model's context
};

/// Engines that have no type or code of their own for it say it in these words.
constexpr std::array<std::string_view, 2> kTooLong{"maximum context length", "context length exceeded"};

EngineError read_engine_error(std::string_view body) {
    const Result<json::Document> parsed = json::Document::parse(body, {.max_bytes = 65'536, .max_depth = 32});
    if (!parsed) return {};
    const json::Value root = parsed->root();
    const json::Value error = root.find("error").value_or(root);
    const auto text = [&error](std::string_view name) {
        const std::optional<json::Value> member = error.find(name);
        return member ? member->as_string().value_or("") : std::string();
    };
    EngineError out{.type = text("type")};
    const std::string message = text("message");
    out.too_long =
        text("code") == "context_length_exceeded" ||
        std::ranges::any_of(kTooLong, [&](std::string_view words) { return message.contains(words); });
    // What FastAPI says of a body that does not fit its form; each element quotes the input.
    const std::optional<json::Value> detail = root.find("detail");
    if (out.type.empty() && detail && detail->is_array()) out.type = "invalid_request_error";
    return out;
}

}  // namespace

ApiError api_error(Failure failure, std::string message) {
    const Row& r = row(failure);
    if (message.empty()) message = r.message;
    return {.status = r.status, .type = r.type, .message = std::move(message), .code = r.code};
}

ApiError engine_error(int status, std::string_view engine_body) {
    if (status < 400 || status > 599) return api_error(Failure::EngineGarbage);
    ApiError out = api_error(Failure::EngineRefused);
    out.status = status;
    EngineError said = read_engine_error(engine_body);
    if (said.too_long && status < 500) said.type = "exceed_context_size_error";
    for (const EngineRow& r : kEngineRows) {
        if (said.type != r.engine_type) continue;
        out.type = r.type;
        out.code = r.code;
        out.message = r.message;
        return out;
    }
    if (status >= 500) out.message = "The engine failed";
    return out;
}

ApiError server_error_for_status(int status) {
    switch (status) {
        case 404:
            return api_error(Failure::NotFound);
        case 405:
            return api_error(Failure::MethodNotAllowed);
        case 408:
            return api_error(Failure::RequestTimeout);
        case 413:
            return api_error(Failure::PayloadTooLarge);
        case 429:
            return api_error(Failure::RateLimited);
        case 431:
            return api_error(Failure::HeadersTooLarge);
        case 500:
            return api_error(Failure::ServerError);
        case 503:
            return api_error(Failure::TooManyConnections);
        default: {
            ApiError out = api_error(Failure::BadRequest, "The request is not well-formed HTTP");
            out.status = status;
            return out;
        }
    }
}

std::string error_body(const ApiError& error) {
    std::string out = R"({"error":{"message":)";
    json::append_quoted(out, error.message);
    out += R"(,"type":)";
    json::append_quoted(out, error.type);
    out += R"(,"param":)";
    if (error.param.empty()) {
        out += "null";
    } else {
        json::append_quoted(out, error.param);
    }
    out += R"(,"code":)";
    if (error.code.empty()) {
        out += "null";
    } else {
        json::append_quoted(out, error.code);
    }
    if (!error.detail_name.empty()) {
        out += ',';
        json::append_quoted(out, error.detail_name);
        out += ':';
        json::append_quoted(out, error.detail_value);
    }
    out += "}}";
    return out;
}

std::string_view should_retry(const ApiError& error) {
    return error.status == 429 || error.status == 503 || error.status == 408 ? "true" : "false";
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return status < 400 ? "OK" : "Error";
    }
}

}  // namespace lumoz::gateway

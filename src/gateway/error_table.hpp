// SPDX-License-Identifier: Apache-2.0
// The one table of errors that clients see: status, type, code, text (specs/api.md 2). Texts are ours;
// nothing that came from an engine or from a user enters one.
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>

namespace lumoz::gateway {

/// What went wrong, as a client is told.
enum class Failure : std::uint8_t {
    BadRequest,
    FieldEncryption,    ///< 400: the client wants fields encrypted, which is not offered
    InvalidAciRequest,  ///< 400 `invalid_request_error`, the ACI spelling
    Unauthorized,
    InsufficientCredits,  ///< 402: the service of `auth.check_url` says so
    KeyCheckUnavailable,  ///< 503: that service cannot be asked
    NotFound,
    ModelNotFound,
    EndpointNotOffered,  ///< 404: this model does not answer there
    SignatureNotFound,
    Incomplete,  ///< 404: the answer was cut, so it has no v1 signature
    MethodNotAllowed,
    RequestTimeout,
    SessionNotAccepted,
    PayloadTooLarge,
    HeadersTooLarge,
    RateLimited,
    ServerError,
    EngineRefused,     ///< the engine's own status, text of this table
    EngineGarbage,     ///< 502: the engine's answer is not HTTP or breaks off
    EngineDown,        ///< 502: no connection to the engine
    EngineNotReady,    ///< 503: the engine is starting
    EngineTimeout,     ///< 504
    ModelNotAttested,  ///< 503: the evidence in force does not name its weights yet
    StoreUnhealthy,    ///< 503: receipts cannot be written
    AttestationBusy,   ///< 503: queue of evidence is full
    AttestationFailed,
    TooManyConnections,
    Draining,
    KeysExpired,  ///< 503: the keyset is past `not_after`
};

/// One error on its way to a client.
struct ApiError {
    int status;
    std::string_view type;  ///< static text
    std::string message;
    std::string_view code = {};    ///< static text; empty is null
    std::string_view param = {};   ///< static text; empty is null
    std::string detail_name = {};  ///< one more member of `error`, e.g. `receipt_id`; empty is none
    std::string detail_value = {};
};

/// The row of the table; `message` replaces the row's text unless empty. Requires: message is our own text.
[[nodiscard]] ApiError api_error(Failure failure, std::string message = {});
/// The error for an answer of the engine with this status (decisions 22). The body is looked at only for
/// `error.type`, which picks the text; a status that is no error becomes 502.
[[nodiscard]] ApiError engine_error(int status, std::string_view engine_body);
/// The row for a status that the HTTP server itself answers with (400 408 413 431 503).
[[nodiscard]] ApiError server_error_for_status(int status);

/// `{"error":{"message","type","param","code"}}`.
[[nodiscard]] std::string error_body(const ApiError& error);
/// `true` or `false` for `x-should-retry`: true only when nothing was forwarded and waiting helps.
[[nodiscard]] std::string_view should_retry(const ApiError& error);
/// Standard reason phrase of a status, for people.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace lumoz::gateway

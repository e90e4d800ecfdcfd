// SPDX-License-Identifier: Apache-2.0
// Where the client's protocol is not the engine's (docs/translation.md), and what errors look like in the
// client's.
#pragma once

#include "gateway/call.hpp"
#include "translate/translation.hpp"

namespace lumoz::gateway {

/// The translation that this page needs; nothing where the engine speaks its protocol (`engine.speaks`), or
/// where there is no way.
[[nodiscard]] std::optional<translate::Protocol> translated_protocol(Page page, const Model& model);

/// A request as the engine gets it.
struct FittedRequest {
    std::unique_ptr<translate::Translation> translation;  ///< holds the body, and knows the way back
    std::optional<std::string> tidied;                    ///< with `engine.tidy_requests`
    std::string_view given;
    std::string receipt_event = {};  ///< `lumoz.translated`; empty: `given` is as it was

    [[nodiscard]] std::string_view body() const {
        if (translation) return translation->request();
        return tidied ? std::string_view(*tidied) : given;
    }
};
/// Translates or tidies a request where its page and the engine need it. 400 for what cannot be translated.
/// Requires: `body` was accepted by `read_request_body`, and outlives the result.
[[nodiscard]] std::expected<FittedRequest, ApiError> fit_request(const Call& call, const Model& model,
                                                                 std::string_view body);

/// The error body for a client of this page: on `/v1/messages` with a member `type` of value `error` beside
/// the envelope, since Anthropic's clients look for it.
[[nodiscard]] std::string error_body(const ApiError& error, std::optional<Page> page);
/// The event that ends a broken stream in the client's protocol.
[[nodiscard]] std::string error_event(const ApiError& error, std::optional<Page> page);

}  // namespace lumoz::gateway

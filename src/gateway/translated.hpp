// SPDX-License-Identifier: Apache-2.0
// Where the client's protocol is not the engine's (docs/translation.md), and what errors look like in the
// client's.
#pragma once

#include "gateway/call.hpp"
#include "translate/translation.hpp"

namespace lumoz::gateway {

/// The protocol that is translated for this page; nothing where the engine speaks it itself
/// (`engine.speaks`), or where there is nothing to translate.
[[nodiscard]] std::optional<translate::Protocol> translated_protocol(Page page, const Config& config);

/// The translation of a request on this page, or none where the engine gets it as it is. 400 for what cannot
/// be translated. Requires: `body` was accepted by `read_request_body`.
[[nodiscard]] std::expected<std::unique_ptr<translate::Translation>, ApiError> begin_translation(
    const Call& call, std::string_view body);

/// The error body for a client of this page: on `/v1/messages` with a member `type` of value `error` beside
/// the envelope, since Anthropic's clients look for it.
[[nodiscard]] std::string error_body(const ApiError& error, std::optional<Page> page);
/// The event that ends a broken stream in the client's protocol.
[[nodiscard]] std::string error_event(const ApiError& error, std::optional<Page> page);

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// The text that both v1 signatures cover: hex of the request hash, a colon, hex of the response hash
// (specs/api.md 4.1). Request and response hashes are different types: mixing them does not compile.
#pragma once

#include "base/bytes.hpp"

namespace lumoz::receipt {

/// SHA-256 of the request body as received; of `path[?query]` when the request has no body.
using RequestHash = FixedBytes<struct RequestHashTag, 32>;
/// SHA-256 of the body that was sent to the engine.
using ForwardedHash = FixedBytes<struct ForwardedHashTag, 32>;
/// SHA-256 of the response body as written to the socket.
using ResponseHash = FixedBytes<struct ResponseHashTag, 32>;

inline constexpr std::size_t kTextSize = 129;

/// Exactly 129 characters.
[[nodiscard]] std::string signature_text(const RequestHash& request, const ResponseHash& response);
/// The three-part form `model:request:response`, which some gateways of the field sign. Splitting at `:`
/// breaks when the name holds one: `E_TEXT_MODEL`.
Result<std::string> signature_text_with_model(std::string_view model, const RequestHash& request,
                                              const ResponseHash& response);

}  // namespace lumoz::receipt

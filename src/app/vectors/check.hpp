// SPDX-License-Identifier: Apache-2.0
// Small words that the suites share: fetch a member, compare, say what differs.
#pragma once

#include "app/vectors/runner.hpp"

namespace lumoz::app::vectors {

/// A member that must be there; `E_VECTOR` when the vector lacks it or it has another type.
Result<json::Value> member(const json::Value& object, std::string_view name);
Result<std::string> text(const json::Value& object, std::string_view name);
/// A text member, or nothing when it is absent.
std::optional<std::string> maybe_text(const json::Value& object, std::string_view name);
Result<std::int64_t> number(const json::Value& object, std::string_view name);
/// A hex member, decoded.
Result<Bytes> hex(const json::Value& object, std::string_view name);
/// A Base64 member, decoded.
Result<Bytes> base64(const json::Value& object, std::string_view name);

/// `E_MISMATCH` with what was expected and what came, unless they are equal.
Status same(std::string_view what, std::string_view want, std::string_view have);
Status same(std::string_view what, bool want, bool have);
/// `E_MISMATCH` with this text.
std::unexpected<Error> mismatch(std::string detail);
/// For a handler that fails where the vector expects success: the reason as a mismatch.
std::unexpected<Error> unexpected_error(const Error& error);

}  // namespace lumoz::app::vectors

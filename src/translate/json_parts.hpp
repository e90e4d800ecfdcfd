// SPDX-License-Identifier: Apache-2.0
// Small tools of the translators: moving JSON texts and values over without changing their bytes, and the two
// ways to fail. A message of a refusal is made of our own words, member names of the protocol and numbers;
// nothing that a user wrote enters it.
#pragma once

#include "base/json.hpp"

namespace lumoz::translate {

/// `E_TRANSLATE_REQUEST`: the client asked for something that has no counterpart. `detail` is what the client
/// may read: "messages[3].content[0]: …".
[[nodiscard]] std::unexpected<Error> refuse(std::string_view at, std::string_view why);
/// `E_TRANSLATE_ANSWER`: the engine's answer is not what its protocol says.
[[nodiscard]] std::unexpected<Error> garbage(std::string_view where, std::string_view why);

/// The content of a JSON string as it stands, escapes included, without its quotes. Two of them joined are
/// the content of the joined text. Requires: `value` is a string.
[[nodiscard]] std::string_view inner(const json::Value& value);
/// The value's text without white space outside of strings; every token keeps its bytes.
[[nodiscard]] std::string compact(std::string_view json);
/// The member, unless it is absent or null.
[[nodiscard]] std::optional<json::Value> present(const json::Value& object, std::string_view name);
/// `at.name`, `at[index]`.
[[nodiscard]] std::string member_of(std::string_view at, std::string_view name);
[[nodiscard]] std::string element_of(std::string_view at, std::size_t index);

/// The member as a string value; refuses when it is absent or of another kind.
[[nodiscard]] Result<json::Value> need_string(const json::Value& object, std::string_view name,
                                              std::string_view at);
/// The text of a string member, or nothing when it is absent; refuses another kind.
[[nodiscard]] Result<std::optional<std::string>> maybe_string(const json::Value& object,
                                                              std::string_view name, std::string_view at);
/// The member as an object, or nothing when it is absent; refuses another kind.
[[nodiscard]] Result<std::optional<json::Value>> maybe_object(const json::Value& object,
                                                              std::string_view name, std::string_view at);
/// The `type` of a value that must be an object which has one.
[[nodiscard]] Result<std::string> type_of(const json::Value& value, std::string_view at);
/// The elements of an array; refuses another kind.
[[nodiscard]] Result<std::vector<json::Value>> need_array(const json::Value& value, std::string_view at);
/// The truth value of a member, false when absent; refuses another kind.
[[nodiscard]] Result<bool> maybe_flag(const json::Value& object, std::string_view name, std::string_view at);

/// Adds `"name":"<content>"` where the content is already escaped.
void member_inner(json::Writer& out, std::string_view name, std::string_view content);
/// Copies the members of `names` that are there and not null, byte for byte.
void copy_members(json::Writer& out, const json::Value& from, std::span<const std::string_view> names);

/// Sampling members that the engines' chat completions have beyond the protocols translated here; they move
/// over as they are when a client sends them.
[[nodiscard]] std::span<const std::string_view> engine_extensions();

}  // namespace lumoz::translate

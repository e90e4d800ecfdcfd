// SPDX-License-Identifier: Apache-2.0
// Members of an engine's answer, in whatever protocol, read with distrust. All errors are
// `E_TRANSLATE_ANSWER`.
#pragma once

#include "translate/event_stream.hpp"
#include "translate/json_parts.hpp"

namespace lumoz::translate {

inline constexpr json::Limits kAnswerLimits{.max_bytes = kMaxAnswer, .max_depth = 64};
/// Tool calls of one answer.
inline constexpr std::uint32_t kMaxCalls = 1'024;

/// A short text that becomes a member of ours (id, model, name), escaped; empty when it is absent.
[[nodiscard]] Result<std::string> short_text(const json::Value& object, std::string_view name);
/// A number of tokens, 0 when it is absent. Counts stay far from any overflow of their sums.
[[nodiscard]] Result<std::int64_t> count(const json::Value& object, std::string_view name);

}  // namespace lumoz::translate

// SPDX-License-Identifier: Apache-2.0
#include "translate/engine_parts.hpp"

namespace lumoz::translate {
namespace {

constexpr std::size_t kMaxShortText = 1'024;
constexpr std::int64_t kMaxCount = std::int64_t{1} << 40;

}  // namespace

Result<std::string> short_text(const json::Value& object, std::string_view name) {
    const std::optional<json::Value> found = present(object, name);
    if (!found) return std::string();
    if (!found->is_string()) return garbage(name, "not a text");
    if (inner(*found).size() > kMaxShortText) return garbage(name, "too long");
    return std::string(inner(*found));
}

Result<std::int64_t> count(const json::Value& object, std::string_view name) {
    const std::optional<json::Value> found = present(object, name);
    if (!found) return std::int64_t{0};
    const std::optional<std::int64_t> value = found->as_int();
    if (!value || *value < 0 || *value > kMaxCount) return garbage(name, "not a count");
    return *value;
}

}  // namespace lumoz::translate

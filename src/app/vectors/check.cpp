// SPDX-License-Identifier: Apache-2.0
#include "app/vectors/check.hpp"

#include "base/hex.hpp"

namespace lumoz::app::vectors {
namespace {

std::unexpected<Error> lacks(std::string_view name) {
    return fail(Errc::Malformed, "E_VECTOR", "vectors.member", "the vector lacks " + std::string(name));
}

std::string shortened(std::string_view value) {
    constexpr std::size_t kShown = 160;
    if (value.size() <= kShown) return std::string(value);
    return std::string(value.substr(0, kShown)) + "… (" + std::to_string(value.size()) + " bytes)";
}

}  // namespace

Result<json::Value> member(const json::Value& object, std::string_view name) {
    const auto found = object.find(name);
    if (!found) return lacks(name);
    return *found;
}

Result<std::string> text(const json::Value& object, std::string_view name) {
    auto found = maybe_text(object, name);
    if (!found) return lacks(name);
    return *std::move(found);
}

std::optional<std::string> maybe_text(const json::Value& object, std::string_view name) {
    const auto found = object.find(name);
    if (!found) return std::nullopt;
    return found->as_string();
}

Result<std::int64_t> number(const json::Value& object, std::string_view name) {
    const auto found = object.find(name);
    if (!found || !found->as_int()) return lacks(name);
    return *found->as_int();
}

Result<Bytes> hex(const json::Value& object, std::string_view name) {
    LUMOZ_TRY(const std::string value, text(object, name));
    return from_hex(value);
}

Result<Bytes> base64(const json::Value& object, std::string_view name) {
    LUMOZ_TRY(const std::string value, text(object, name));
    return from_base64(value);
}

Status same(std::string_view what, std::string_view want, std::string_view have) {
    if (want == have) return {};
    return mismatch(std::string(what) + ": want " + shortened(want) + ", have " + shortened(have));
}

Status same(std::string_view what, bool want, bool have) {
    return same(what, want ? std::string_view("true") : "false", have ? std::string_view("true") : "false");
}

std::unexpected<Error> mismatch(std::string detail) {
    return fail(Errc::Refused, "E_MISMATCH", "vectors.compare", std::move(detail));
}

std::unexpected<Error> unexpected_error(const Error& error) {
    std::string detail = "unexpected ";
    detail.append(error.rule).append(" at ").append(error.where);
    if (!error.detail.empty()) detail += ": " + error.detail;
    return mismatch(std::move(detail));
}

}  // namespace lumoz::app::vectors

// SPDX-License-Identifier: Apache-2.0
// Reading members of a strict JSON object: present, of the right type, in range, or an error. Internal to
// evidence/ and verify/: it gives the rule and place of the caller to each error.
#pragma once

#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/time.hpp"

namespace lumoz::evidence {

class Schema {
public:
    /// `rule` and `where` must be literals.
    Schema(Errc code, std::string_view rule, std::string_view where)
        : code_(code), rule_(rule), where_(where) {}

    [[nodiscard]] std::unexpected<Error> bad(std::string_view name, std::string_view why) const {
        std::string detail(name);
        detail += ": ";
        detail += why;
        return fail(code_, rule_, where_, std::move(detail));
    }
    Result<json::Value> member(const json::Value& object, std::string_view name) const {
        const auto value = object.find(name);
        if (!value) return bad(name, "missing");
        return *value;
    }
    Result<json::Value> object(const json::Value& parent, std::string_view name) const {
        LUMOZ_TRY(const json::Value value, member(parent, name));
        if (!value.is_object()) return bad(name, "not an object");
        return value;
    }
    Result<std::vector<json::Value>> array(const json::Value& parent, std::string_view name) const {
        LUMOZ_TRY(const json::Value value, member(parent, name));
        if (!value.is_array()) return bad(name, "not an array");
        return value.elements();
    }
    Result<std::string> text(const json::Value& parent, std::string_view name) const {
        LUMOZ_TRY(const json::Value value, member(parent, name));
        auto out = value.as_string();
        if (!out) return bad(name, "not a text");
        return std::move(*out);
    }
    /// Nothing when the member is absent or null.
    Result<std::optional<std::string>> optional_text(const json::Value& parent, std::string_view name) const {
        const auto value = parent.find(name);
        if (!value || value->is_null()) return std::optional<std::string>();
        auto out = value->as_string();
        if (!out) return bad(name, "not a text");
        return std::optional<std::string>(std::move(*out));
    }
    Result<std::int64_t> integer(const json::Value& parent, std::string_view name, std::int64_t most) const {
        LUMOZ_TRY(const json::Value value, member(parent, name));
        const auto out = value.as_int();
        if (!out) return bad(name, "not an integer");
        if (*out < 0 || *out > most) return bad(name, "out of range");
        return *out;
    }
    template <class Fixed>
    Result<Fixed> hex(const json::Value& parent, std::string_view name) const {
        LUMOZ_TRY(const std::string value, text(parent, name));
        auto out = fixed_from_hex<Fixed>(value);
        if (!out) return bad(name, "not hex of the right size");
        return *out;
    }
    template <std::size_t N>
    Status hex_into(const json::Value& parent, std::string_view name,
                    std::array<std::uint8_t, N>& out) const {
        LUMOZ_TRY(const auto value, (hex<FixedBytes<struct SchemaTag, N>>(parent, name)));
        out = value.bytes;
        return {};
    }
    Result<UnixTime> date(const json::Value& parent, std::string_view name) const {
        LUMOZ_TRY(const std::string value, text(parent, name));
        const auto out = parse_rfc3339(value);
        if (!out) return bad(name, "not a date");
        return *out;
    }
    [[nodiscard]] std::string_view rule() const { return rule_; }
    [[nodiscard]] std::string_view where() const { return where_; }
    [[nodiscard]] Errc code() const { return code_; }

private:
    Errc code_;
    std::string_view rule_;
    std::string_view where_;
};

}  // namespace lumoz::evidence

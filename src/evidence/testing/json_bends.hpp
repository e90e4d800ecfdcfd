// SPDX-License-Identifier: Apache-2.0
// For tests of readers: a JSON text bent at each of its values.
#pragma once

#include "base/json.hpp"
#include "evidence/testing/approval.hpp"

namespace lumoz::evidence::testing {

/// An object or array anew: its members or elements without number `leave_out`, then `more`.
inline std::string json_rebuilt(const json::Value& value, std::size_t leave_out, std::string_view more = {}) {
    std::vector<std::string> parts;
    for (const auto& member : value.members())
        parts.push_back(json::quoted(member.name) + ":" + std::string(member.value.raw()));
    for (const json::Value& element : value.elements())
        parts.emplace_back(element.raw());
    if (leave_out < parts.size()) parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(leave_out));
    if (!more.empty()) parts.emplace_back(more);
    std::string out(value.is_object() ? "{" : "[");
    for (std::size_t i = 0; i < parts.size(); ++i)
        out += (i == 0 ? "" : ",") + parts[i];
    return out + (value.is_object() ? "}" : "]");
}

/// Each value left out, of each other kind, empty, longer, shorter, one more and one less, and each object
/// with one member more. Of an array the first and the last element. Paths are names and indices, joined by
/// '/'.
class JsonBender {
public:
    explicit JsonBender(std::string_view text)
        : text_(text),
          document_(*json::Document::parse(text, {.max_bytes = std::size_t{16} << 20, .max_depth = 64})) {}
    std::vector<Bent<std::string>> run() {
        walk("/", document_.root());
        return std::move(out_);
    }

private:
    void put(const std::string& path, std::string_view bend, const json::Value& at, std::string_view with) {
        std::string text(text_);
        text.replace(at.offset(), at.raw().size(), with);
        out_.push_back({path, std::string(bend), std::move(text)});
    }
    void walk(const std::string& path, const json::Value& value) {
        for (const std::string_view other : {"null", "true", "7", "\"x\"", "[]", "{}"})
            if (value.raw() != other) put(path, other, value, other);
        if (value.is_string()) string(path, value);
        if (value.kind() == json::Kind::Number) number(path, value);
        const std::string below = path == "/" ? "" : path + "/";
        if (value.is_object()) object(path, below, value);
        if (value.is_array()) array(path, below, value);
    }
    void string(const std::string& path, const json::Value& value) {
        const std::string_view inner = value.raw().substr(1, value.raw().size() - 2);
        if (inner.empty()) return;
        const auto quoted = [](std::string_view text) { return "\"" + std::string(text) + "\""; };
        put(path, "empty", value, "\"\"");
        put(path, "longer", value, quoted(std::string(inner) + "0"));
        if (inner.find('\\') != std::string_view::npos) return;
        put(path, "shorter", value, quoted(inner.substr(1)));
        std::string other(inner);
        other.back() = other.back() == '1' ? '0' : '1';
        put(path, "another", value, quoted(other));
        std::string upper(inner);
        std::ranges::transform(upper, upper.begin(),
                               [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
        if (upper != inner) put(path, "upper", value, quoted(upper));
    }
    void number(const std::string& path, const json::Value& value) {
        const std::int64_t n = value.as_int().value_or(0);
        put(path, "+1", value, std::to_string(n + 1));
        put(path, "-1", value, std::to_string(n - 1));
        put(path, "negative", value, "-1");
        put(path, "fraction", value, std::to_string(n) + ".5");
        put(path, "huge", value, "99999999999");
    }
    void object(const std::string& path, const std::string& below, const json::Value& value) {
        put(path, "one more", value, json_rebuilt(value, value.size(), "\"zz\":0"));
        const auto members = value.members();
        for (std::size_t i = 0; i < members.size(); ++i) {
            put(below + members[i].name, "left out", value, json_rebuilt(value, i));
            walk(below + members[i].name, members[i].value);
        }
    }
    void array(const std::string& path, const std::string& below, const json::Value& value) {
        const auto elements = value.elements();
        if (elements.empty()) return;
        put(path, "last twice", value, json_rebuilt(value, value.size(), elements.back().raw()));
        for (std::size_t i = 0; i < elements.size(); i += std::max<std::size_t>(elements.size() - 1, 1)) {
            put(below + std::to_string(i), "left out", value, json_rebuilt(value, i));
            walk(below + std::to_string(i), elements[i]);
        }
    }

    std::string_view text_;
    json::Document document_;
    std::vector<Bent<std::string>> out_;
};

/// A line for each bend of a text that `read` accepts.
template <class T>
void expect_json_bends(std::string_view name, const std::string& good, Result<T> (*read)(std::string_view),
                       Dump (*dump)(const T&)) {
    expect_approved(name, good, JsonBender(good).run(), read, dump);
}

}  // namespace lumoz::evidence::testing

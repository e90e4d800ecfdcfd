// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"
#include "base/json_text.hpp"

#include <charconv>

namespace lumoz::json {

namespace {

std::string_view inner(std::string_view quoted_text) {
    return quoted_text.substr(1, quoted_text.size() - 2);
}

}  // namespace

Kind Value::kind() const {
    return document_->nodes_[index_].kind;
}

std::string_view Value::raw() const {
    const auto& node = document_->nodes_[index_];
    return document_->text_.substr(node.begin, node.end - node.begin);
}

std::size_t Value::offset() const {
    return document_->nodes_[index_].begin;
}

std::optional<std::string> Value::as_string() const {
    if (!is_string()) return std::nullopt;
    const std::string_view text = inner(raw());
    return document_->nodes_[index_].escaped ? unescape(text) : std::string(text);
}

std::optional<std::int64_t> Value::as_int() const {
    if (kind() != Kind::Number) return std::nullopt;
    const std::string_view text = raw();
    const char* const end = text.data() + text.size();
    std::int64_t value = 0;
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc{} || read.ptr != end || text == "-0") return std::nullopt;
    return value;
}

std::optional<double> Value::as_double() const {
    if (kind() != Kind::Number) return std::nullopt;
    return to_double(raw());
}

std::optional<bool> Value::as_bool() const {
    if (kind() == Kind::True) return true;
    if (kind() == Kind::False) return false;
    return std::nullopt;
}

std::size_t Value::size() const {
    return document_->nodes_[index_].count;
}

std::optional<Value> Value::find(std::string_view name) const {
    if (!is_object()) return std::nullopt;
    const auto& nodes = document_->nodes_;
    std::uint32_t index = index_ + 1;
    for (std::uint32_t left = nodes[index_].count; left > 0; --left) {
        const std::string_view here = inner(Value(document_, index).raw());
        if (nodes[index].escaped ? unescape(here) == name : here == name) return Value(document_, index + 1);
        index = nodes[index + 1].next;
    }
    return std::nullopt;
}

std::vector<Value::Member> Value::members() const {
    std::vector<Member> out;
    if (!is_object()) return out;
    const auto& nodes = document_->nodes_;
    out.reserve(size());
    std::uint32_t index = index_ + 1;
    for (std::uint32_t left = nodes[index_].count; left > 0; --left) {
        out.push_back({*Value(document_, index).as_string(), Value(document_, index + 1)});
        index = nodes[index + 1].next;
    }
    return out;
}

std::vector<Value> Value::elements() const {
    std::vector<Value> out;
    if (!is_array()) return out;
    const auto& nodes = document_->nodes_;
    out.reserve(size());
    std::uint32_t index = index_ + 1;
    for (std::uint32_t left = nodes[index_].count; left > 0; --left) {
        out.push_back(Value(document_, index));
        index = nodes[index].next;
    }
    return out;
}

}  // namespace lumoz::json

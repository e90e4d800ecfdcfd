// SPDX-License-Identifier: Apache-2.0
#include "net/http.hpp"

#include <algorithm>
#include <array>

namespace lumoz::net {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool is_token_char(char c) {
    const bool letter = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
    return letter || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").contains(c));
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace

bool iequals(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::ranges::equal(a, b, {}, lower, lower);
}

bool is_sendable(const HeaderView& field) {
    if (field.name.empty() || !std::ranges::all_of(field.name, is_token_char)) return false;
    return std::ranges::none_of(field.value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool has_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (iequals(trim(list.substr(0, comma)), token)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

void Headers::add(std::string_view name, std::string_view value) {
    entries_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
                        static_cast<std::uint32_t>(value.size())});
    text_.append(name).append(value);
}

void Headers::set(std::string_view name, std::string_view value) {
    // The argument may be a view of this object.
    const std::string kept_name(name);
    const std::string kept_value(value);
    std::erase_if(entries_, [&](const Entry& e) {
        return iequals(std::string_view(text_).substr(e.offset, e.name_size), kept_name);
    });
    add(kept_name, kept_value);
}

void Headers::clear() {
    text_.clear();
    entries_.clear();
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i].name_size != name.size()) continue;
        const HeaderView field = (*this)[i];
        if (iequals(field.name, name)) return field.value;
    }
    return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
    std::size_t found = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        found += iequals((*this)[i].name, name) ? 1 : 0;
    }
    return found;
}

HeaderView Headers::operator[](std::size_t index) const {
    const Entry& e = entries_[index];
    const std::string_view text(text_);
    return {text.substr(e.offset, e.name_size), text.substr(e.offset + e.name_size, e.value_size)};
}

std::string_view RequestHead::path() const {
    return std::string_view(target).substr(0, target.find('?'));
}

std::string_view RequestHead::query() const {
    const std::size_t mark = target.find('?');
    return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::string_view reason_phrase(int status) {
    struct Row {
        int status;
        std::string_view text;
    };
    static constexpr std::array kRows = {
        Row{100, "Continue"},
        Row{101, "Switching Protocols"},
        Row{200, "OK"},
        Row{201, "Created"},
        Row{202, "Accepted"},
        Row{204, "No Content"},
        Row{206, "Partial Content"},
        Row{301, "Moved Permanently"},
        Row{302, "Found"},
        Row{304, "Not Modified"},
        Row{307, "Temporary Redirect"},
        Row{308, "Permanent Redirect"},
        Row{400, "Bad Request"},
        Row{401, "Unauthorized"},
        Row{402, "Payment Required"},
        Row{403, "Forbidden"},
        Row{404, "Not Found"},
        Row{405, "Method Not Allowed"},
        Row{406, "Not Acceptable"},
        Row{408, "Request Timeout"},
        Row{409, "Conflict"},
        Row{410, "Gone"},
        Row{411, "Length Required"},
        Row{413, "Content Too Large"},
        Row{414, "URI Too Long"},
        Row{415, "Unsupported Media Type"},
        Row{417, "Expectation Failed"},
        Row{422, "Unprocessable Content"},
        Row{429, "Too Many Requests"},
        Row{431, "Request Header Fields Too Large"},
        Row{499, "Client Closed Request"},
        Row{500, "Internal Server Error"},
        Row{501, "Not Implemented"},
        Row{502, "Bad Gateway"},
        Row{503, "Service Unavailable"},
        Row{504, "Gateway Timeout"},
        Row{505, "HTTP Version Not Supported"},
    };
    const auto* row = std::ranges::find(kRows, status, &Row::status);
    return row == kRows.end() ? "Status" : row->text;
}

}  // namespace lumoz::net

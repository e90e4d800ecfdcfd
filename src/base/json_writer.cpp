// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <cstdlib>

namespace lumoz::json {

void Writer::separate() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (!first_) out_ += ',';
    first_ = false;
}

Writer& Writer::object() {
    separate();
    out_ += '{';
    closers_ += '}';
    first_ = true;
    return *this;
}

Writer& Writer::array() {
    separate();
    out_ += '[';
    closers_ += ']';
    first_ = true;
    return *this;
}

Writer& Writer::end() {
    if (closers_.empty() || after_key_) std::abort();
    out_ += closers_.back();
    closers_.pop_back();
    first_ = false;
    return *this;
}

Writer& Writer::key(std::string_view name) {
    separate();
    append_quoted(out_, name);
    out_ += ':';
    after_key_ = true;
    return *this;
}

Writer& Writer::string(std::string_view value) {
    separate();
    append_quoted(out_, value);
    return *this;
}

Writer& Writer::integer(std::int64_t value) {
    separate();
    out_ += std::to_string(value);
    return *this;
}

Writer& Writer::boolean(bool value) {
    separate();
    out_ += value ? "true" : "false";
    return *this;
}

Writer& Writer::null() {
    separate();
    out_ += "null";
    return *this;
}

Writer& Writer::raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
}

std::string Writer::text() && {
    if (!closers_.empty() || after_key_) std::abort();
    return std::move(out_);
}

}  // namespace lumoz::json

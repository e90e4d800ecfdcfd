// SPDX-License-Identifier: Apache-2.0
// JSON lines on stderr. A field is a name and a number, a digest, or a text that the program itself made;
// there is no overload for user content.
#pragma once

#include "base/bytes.hpp"

#include <initializer_list>
#include <variant>

namespace lumoz::log {

enum class Level : std::uint8_t { Debug, Info, Warn, Error };

struct Field {
    std::string_view name;
    std::variant<std::string_view, std::int64_t, double, bool> value;
};

/// Lines below this level are not written; Info at start.
void set_level(Level level);
/// Writes one line: `{"ts":…,"level":…,"event":…,fields…}`, in one write call.
void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::Info, event, fields);
}
inline void warn(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::Warn, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::Error, event, fields);
}

}  // namespace lumoz::log

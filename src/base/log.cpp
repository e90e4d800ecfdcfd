// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include "base/json.hpp"
#include "base/time.hpp"
#include "base/utf8.hpp"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <ctime>
#include <unistd.h>

namespace lumoz::log {

namespace {

std::atomic<Level> lowest{Level::Info};

constexpr std::string_view name_of(Level level) {
    switch (level) {
        case Level::Debug:
            return "debug";
        case Level::Info:
            return "info";
        case Level::Warn:
            return "warn";
        default:
            return "error";
    }
}

/// A line must stay one JSON text whatever the caller hands in.
void append_text(std::string& out, std::string_view text) {
    if (is_utf8(text)) return json::append_quoted(out, text);
    std::string clean(text);
    for (char& c : clean) {
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
    json::append_quoted(out, clean);
}

void append_double(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    out.append(text.data(), end);
}

void append_value(std::string& out, const Field& field) {
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
        append_text(out, *text);
    } else if (const auto* integer = std::get_if<std::int64_t>(&field.value)) {
        out += std::to_string(*integer);
    } else if (const auto* number = std::get_if<double>(&field.value)) {
        append_double(out, *number);
    } else if (const auto* flag = std::get_if<bool>(&field.value)) {
        out += *flag ? "true" : "false";
    }
}

/// `2026-01-02T03:04:05.678Z`
std::string timestamp() {
    std::timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::string text = to_rfc3339(now.tv_sec);
    text.pop_back();
    const std::string millis = std::to_string(1000 + now.tv_nsec / 1000000);
    text += '.';
    text.append(millis, 1);
    return text += 'Z';
}

}  // namespace

void set_level(Level level) {
    lowest.store(level, std::memory_order_relaxed);
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    if (level < lowest.load(std::memory_order_relaxed)) return;
    std::string line = "{\"ts\":\"" + timestamp() + "\",\"level\":\"";
    line += name_of(level);
    line += "\",\"event\":";
    append_text(line, event);
    for (const Field& field : fields) {
        line += ',';
        append_text(line, field.name);
        line += ':';
        append_value(line, field);
    }
    line += "}\n";
    // One call, so that lines of several threads do not mix. A log that cannot be written stops nothing.
    while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
    }
}

}  // namespace lumoz::log

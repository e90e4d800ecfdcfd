// SPDX-License-Identifier: Apache-2.0
// Unix time in seconds, its RFC 3339 text, and the clock as something that is handed in.
#pragma once

#include "base/result.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace lumoz {

/// Seconds since 1970-01-01T00:00:00Z.
using UnixTime = std::int64_t;

/// Exactly `YYYY-MM-DDTHH:MM:SSZ`, a real calendar date (years 1970 to 9999). Fails with `E_TIME`.
Result<UnixTime> parse_rfc3339(std::string_view text);
[[nodiscard]] std::string to_rfc3339(UnixTime time);
/// Days since 1970-01-01 of a date of the Gregorian calendar.
[[nodiscard]] std::int64_t days_from_civil(int year, unsigned month, unsigned day);

/// A span of time that is narrowed part by part; empty when it ends before it begins.
struct TimeWindow {
    UnixTime begin = std::numeric_limits<UnixTime>::min();
    UnixTime end = std::numeric_limits<UnixTime>::max();
    void narrow(UnixTime from, UnixTime to) {
        begin = std::max(begin, from);
        end = std::min(end, to);
    }
};

/// The clock of a program. Tests hand in one that they can move.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual UnixTime now() const = 0;
};

/// The machine's wall clock.
class SystemClock final : public Clock {
public:
    [[nodiscard]] UnixTime now() const override;
};

}  // namespace lumoz

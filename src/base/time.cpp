// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include <array>
#include <ctime>

namespace lumoz {

namespace {

constexpr std::int64_t kSecondsPerDay = 86400;
constexpr UnixTime kLastSecond = 253402300799;  // 9999-12-31T23:59:59Z

std::unexpected<Error> time_error() {
    return fail(Errc::Malformed, "E_TIME", "base.rfc3339");
}

/// The decimal digits at [at, at + count), or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

bool is_leap(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int days_in_month(int year, int month) {
    constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

void append_digits(std::string& out, std::int64_t value, int width) {
    const std::string text = std::to_string(value);
    if (const auto have = static_cast<int>(text.size()); have < width) {
        out.append(static_cast<std::size_t>(width - have), '0');
    }
    out += text;
}

}  // namespace

std::int64_t days_from_civil(int year, unsigned month, unsigned day) {
    // Years that begin in March put the leap day last; eras of 400 years repeat exactly.
    const std::int64_t y = std::int64_t{year} - (month <= 2 ? 1 : 0);
    const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
    const std::int64_t year_of_era = y - era * 400;
    const std::int64_t month_from_march = (std::int64_t{month} + 9) % 12;
    const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + std::int64_t{day} - 1;
    const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

Result<UnixTime> parse_rfc3339(std::string_view text) {
    if (text.size() != 20) return time_error();
    if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
        text[19] != 'Z') {
        return time_error();
    }
    const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        return time_error();
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return time_error();
    return days_from_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day)) * kSecondsPerDay +
           hour * 3600 + minute * 60 + second;
}

std::string to_rfc3339(UnixTime time) {
    const UnixTime bounded = time < 0 ? 0 : time > kLastSecond ? kLastSecond : time;
    const std::int64_t days = bounded / kSecondsPerDay;
    const std::int64_t second = bounded % kSecondsPerDay;
    // A first guess that is never too small; then step back.
    int year = 1970 + static_cast<int>(days / 365);
    while (days_from_civil(year, 1, 1) > days)
        --year;
    std::int64_t day = days - days_from_civil(year, 1, 1);
    int month = 1;
    while (day >= days_in_month(year, month))
        day -= days_in_month(year, month++);
    std::string out;
    append_digits(out, year, 4);
    append_digits(out += '-', month, 2);
    append_digits(out += '-', day + 1, 2);
    append_digits(out += 'T', second / 3600, 2);
    append_digits(out += ':', second / 60 % 60, 2);
    append_digits(out += ':', second % 60, 2);
    return out += 'Z';
}

UnixTime SystemClock::now() const {
    return std::time(nullptr);
}

}  // namespace lumoz

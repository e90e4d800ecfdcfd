// SPDX-License-Identifier: Apache-2.0
#include "gateway/request_log.hpp"

#include <algorithm>
#include <array>

namespace lumoz::gateway {

void write_request_line(const RequestLine& line) {
    // Methods are the client's text: only the ones we route are written as they are.
    constexpr std::array<std::string_view, 5> kKnown{"GET", "POST", "PUT", "PATCH", "DELETE"};
    const bool known = std::ranges::find(kKnown, line.method) != kKnown.end();
    const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
    log::info("request", {
                             {"id", line.id},
                             {"route", line.route},
                             {"method", known ? line.method : std::string_view("other")},
                             {"status", std::int64_t{line.status}},
                             {"request_bytes", number(line.request_bytes)},
                             {"response_bytes", number(line.response_bytes)},
                             {"took_us", number(line.took.count())},
                             {"engine_head_us", number(line.engine_head.count())},
                             {"receipt_wait_us", number(line.receipt_wait.count())},
                             {"credential", line.principal},
                             {"cut_by", line.cut_by},
                             {"stream", line.stream},
                             {"tls", line.tls},
                         });
}

}  // namespace lumoz::gateway

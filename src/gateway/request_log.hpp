// SPDX-License-Identifier: Apache-2.0
// One line per request: id, route, status, sizes, durations. No field can hold what a user wrote: the id is
// ours, the route is a name of the router's list.
#pragma once

#include "base/log.hpp"

#include <chrono>
#include <string>

namespace lumoz::gateway {

struct RequestLine {
    std::string_view id;     ///< our own id of the exchange (receipt id, or of the same form)
    std::string_view route;  ///< static text
    std::string_view method;
    int status = 0;
    std::uint64_t request_bytes = 0;
    std::uint64_t response_bytes = 0;
    std::chrono::microseconds took{0};
    std::chrono::microseconds engine_head{0};
    std::chrono::microseconds receipt_wait{0};
    std::string_view principal;  ///< name of the credential
    std::string_view cut_by;     ///< static text, empty when whole
    bool stream = false;
    bool tls = false;
};

/// Event `request`, level info.
void write_request_line(const RequestLine& line);

}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// The reason why there is no value. An Error names a rule; it never carries secrets or user content.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lumoz {

/// What kind of failure it is. It decides the exit code of `lumoz` commands (docs/errors.md) and the HTTP
/// status.
enum class Errc : std::uint8_t {
    Malformed,    ///< input could not be read as what it claims to be: exit code 30
    Unsupported,  ///< well-formed, but of a kind that is not checked here: exit code 20
    Refused,      ///< checked, and a rule does not hold: exit code 10
    Usage,        ///< wrong call or configuration: exit code 1
    Io,           ///< file, socket or device trouble: exit code 1
    NotFound,     ///< the thing asked for does not exist: exit code 1
    Limit,        ///< a bound was reached: size, queue, count
    Timeout,      ///< a deadline passed
    Closed,       ///< the other side is gone
    Unavailable,  ///< a part that is needed is not ready
    Internal,     ///< a library refused what must work
};

/// `rule`: stable code of the specification (`E_QEID_EXPIRED`) or of docs/errors.md; static text.
/// `where`: static text that names the place (`tdx.qe_identity.dates`). `detail`: numbers and names of fields
/// only.
struct Error {
    Errc code;
    std::string_view rule;
    std::string_view where;
    std::string detail;
};

/// Exit code of a `lumoz` command that ends with this kind of failure (surface.md 2).
[[nodiscard]] constexpr int exit_code(Errc code) {
    switch (code) {
        case Errc::Malformed:
            return 30;
        case Errc::Unsupported:
            return 20;
        case Errc::Refused:
            return 10;
        default:
            return 1;
    }
}

}  // namespace lumoz

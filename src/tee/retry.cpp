// SPDX-License-Identifier: Apache-2.0
#include "tee/retry.hpp"

#include <cerrno>
#include <system_error>

namespace lumoz::tee {

bool passes(std::int64_t negated_errno) {
    return negated_errno == -EINTR || negated_errno == -EBUSY || negated_errno == -EAGAIN;
}

std::unexpected<Error> kernel_error(std::string_view where, std::string_view what,
                                    std::int64_t negated_errno) {
    const int error = static_cast<int>(-negated_errno);
    std::string detail = std::string(what) + ": " + std::system_category().message(error);
    switch (error) {
        case EBUSY:
        case EAGAIN:
            return fail(Errc::Unavailable, "E_TEE_BUSY", where, std::move(detail));
        case EINTR:
        case ETIMEDOUT:
            return fail(Errc::Timeout, "E_TEE_TIMEOUT", where, std::move(detail));
        case EFBIG:
            return fail(Errc::Limit, "E_TEE_TOO_LARGE", where, std::move(detail));
        case EINVAL:
            return fail(Errc::Unavailable, "E_TEE_REFUSED", where, std::move(detail));
        case EACCES:
        case EPERM:
            return fail(Errc::Io, "E_TEE_IO", where, detail + " (this needs root)");
        default:
            return fail(Errc::Io, "E_TEE_IO", where, std::move(detail));
    }
}

}  // namespace lumoz::tee

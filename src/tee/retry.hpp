// SPDX-License-Identifier: Apache-2.0
// Asking the kernel again after "busy" and "disturbed", with longer pauses each time, up to a deadline.
#pragma once

#include "base/result.hpp"
#include "tee/turn.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <thread>

namespace lumoz::tee {

/// Waits longer each time, up to the deadline.
class BackOff {
public:
    explicit BackOff(Deadline deadline) : deadline_(deadline) {}
    [[nodiscard]] bool over() const { return std::chrono::steady_clock::now() >= deadline_; }
    void pause() {
        std::this_thread::sleep_until(
            std::min<Deadline>(deadline_, std::chrono::steady_clock::now() + next_));
        next_ = std::min<std::chrono::milliseconds>(next_ * 2, kLongestPause);
    }

private:
    static constexpr std::chrono::milliseconds kLongestPause{1000};

    Deadline deadline_;
    std::chrono::milliseconds next_{20};
};

/// Whether a negated errno says that nothing was done and the same call may work later: EINTR, EBUSY, EAGAIN.
[[nodiscard]] bool passes(std::int64_t negated_errno);

/// Repeats `call`, which gives a negated errno on failure, while that passes and the deadline is ahead.
template <class Call>
auto repeated(Deadline deadline, Call call) {
    BackOff back_off(deadline);
    for (;;) {
        const auto result = call();
        if (!passes(result) || back_off.over()) return result;
        back_off.pause();
    }
}

/// The error of a call of the kernel that failed for good: `E_TEE_BUSY` (EBUSY, EAGAIN), `E_TEE_TIMEOUT`
/// (EINTR, ETIMEDOUT), `E_TEE_TOO_LARGE` (EFBIG), `E_TEE_REFUSED` (EINVAL), else `E_TEE_IO`. The detail is
/// `what`, the system's words, and what to do about it where that is known.
[[nodiscard]] std::unexpected<Error> kernel_error(std::string_view where, std::string_view what,
                                                  std::int64_t negated_errno);

}  // namespace lumoz::tee

// SPDX-License-Identifier: Apache-2.0
// Work that may hang in the kernel, with a deadline for the one who waits for it.
#pragma once

#include "base/result.hpp"
#include "tee/turn.hpp"

#include <memory>
#include <optional>
#include <system_error>
#include <thread>

namespace lumoz::tee {

/// Where the thread of one request leaves its result; owned by it and by the waiting caller.
template <class T>
struct Slot {
    std::mutex mutex;
    std::condition_variable filled;
    std::optional<Result<T>> result;
};

/// Runs `work` on a thread of its own and waits for it until the deadline. The turn is given back when the
/// work really ends, so that nothing else is asked of a device that still hangs. `work` owns all it uses: it
/// may go on after the caller has left. `E_TEE_BUSY` (others had the turn past the deadline),
/// `E_TEE_TIMEOUT`, `E_TEE_IO` (no thread), and what `work` gives.
template <class T, class Work>
Result<T> bounded(const std::shared_ptr<Turn>& turn, Deadline deadline, std::string_view where, Work work) {
    if (!turn->take(deadline)) {
        return fail(Errc::Unavailable, "E_TEE_BUSY", where, "an earlier request is still in flight");
    }
    const auto slot = std::make_shared<Slot<T>>();
    try {
        std::thread([turn, slot, work = std::move(work)]() mutable {
            auto result = work();
            turn->give_back();
            const std::lock_guard lock(slot->mutex);
            slot->result.emplace(std::move(result));
            slot->filled.notify_one();
        }).detach();
    } catch (const std::system_error&) {
        turn->give_back();
        return fail(Errc::Io, "E_TEE_IO", where, "no thread can be started");
    }
    std::unique_lock lock(slot->mutex);
    if (!slot->filled.wait_until(lock, deadline, [&] { return slot->result.has_value(); })) {
        return fail(Errc::Timeout, "E_TEE_TIMEOUT", where, "no answer in time");
    }
    return *std::move(slot->result);
}

}  // namespace lumoz::tee

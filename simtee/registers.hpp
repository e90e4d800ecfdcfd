// SPDX-License-Identifier: Apache-2.0
// RTMRs and the event log that replays to them (specs/tdx.md 11.2).
#pragma once

#include "evidence/event_log.hpp"

namespace lumoz::simtee {

/// Bounds of what a client may add.
inline constexpr std::size_t kMaxEvents = 256;
inline constexpr std::size_t kMaxEventName = 128;
inline constexpr std::size_t kMaxEventPayload = 4096;

class Registers {
public:
    /// A firmware, loader or kernel event of RTMR 0 to 2: digest = SHA-384(payload). Requires: imr < 3.
    void boot(unsigned imr, std::uint32_t type, std::string_view payload);
    /// A runtime event, which extends RTMR3. `E_EVENT` when a bound is passed.
    Status emit(std::string_view name, ByteView payload);

    [[nodiscard]] const evidence::Rtmrs& rtmr() const { return rtmr_; }
    [[nodiscard]] const std::vector<evidence::Event>& events() const { return events_; }

private:
    void extend(evidence::Event event);

    evidence::Rtmrs rtmr_{};
    std::vector<evidence::Event> events_;
};

}  // namespace lumoz::simtee

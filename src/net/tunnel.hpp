// SPDX-License-Identifier: Apache-2.0
// Bytes both ways between two open streams, after an upgrade of the protocol (RFC 9110 7.8). Nothing of what
// passes is looked at or kept.
#pragma once

#include "net/stream.hpp"

namespace lumoz::net {

struct TunnelLimits {
    std::chrono::milliseconds idle{300'000};  ///< without a byte in either direction
    std::chrono::milliseconds write{60'000};  ///< how long one side may leave a piece of 16 KiB untaken
    std::chrono::milliseconds total{3'600'000};
    std::chrono::milliseconds half{5'000};  ///< without a byte after one side has ended
};

enum class TunnelEnd : std::uint8_t { Closed, Broken, Idle, Stuck, Total };

struct TunnelResult {
    TunnelEnd end = TunnelEnd::Closed;  ///< `Closed`: both sides have ended in order
    std::uint64_t from_first = 0;       ///< bytes that came from the first stream
    std::uint64_t from_second = 0;
};

/// Passes bytes on until both sides have ended, one breaks off, or a limit passes; both are shut down then.
/// The pending bytes were read already and go first. Streams and pending bytes must live until the end.
Task<TunnelResult> run_tunnel(Loop& loop, Stream& first, ByteView first_pending, Stream& second,
                              ByteView second_pending, TunnelLimits limits);

}  // namespace lumoz::net

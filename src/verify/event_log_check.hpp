// SPDX-License-Identifier: Apache-2.0
// An event log against the registers of a quote, register by register (specification tdx.md 11).
#pragma once

#include "evidence/event_log.hpp"
#include "verify/verdict.hpp"

namespace lumoz::verify {

/// What both forms of a log have.
struct LogReplay {
    std::string_view form;  ///< `dstack` or `ccel`
    std::size_t events = 0;
    std::vector<evidence::Event> runtime = {};
    evidence::Rtmrs rtmr{};
    std::array<std::size_t, 4> extends{};
};

/// Reads a log (the binary CC log of firmware, or the dstack JSON list), replays it, and adds to `verdict`
/// the rules `eventlog.parse` and `eventlog.replay` and the fact `event_log`:
/// `{"form","events","runtime":[{"name","payload"}…],"registers":[{"register","events","replay","quote","match"}…]}`.
/// `quote` is null when no quote was proven: there is nothing to compare with then. Nothing when it cannot be
/// read.
std::optional<LogReplay> check_event_log(Verdict& verdict, ByteView log, const evidence::Quote* quote);

}  // namespace lumoz::verify

// SPDX-License-Identifier: Apache-2.0
// An event log against the registers of a quote, register by register.
#pragma once

#include "app/output/report.hpp"
#include "evidence/event_log.hpp"

namespace lumoz::app {

/// Reads a log (the binary CC log of firmware, or the dstack JSON list), replays it, and adds to `verdict`
/// the rules `eventlog.parse` and `eventlog.replay` and the fact `event_log`:
/// `{"form","events","runtime":[{"name","payload"}…],"registers":[{"register","events","replay","quote","match"}…]}`.
/// Without a proven quote there is nothing to compare with: `quote` is null then.
Section check_event_log(verify::Verdict& verdict, ByteView log, const evidence::Quote* quote);

}  // namespace lumoz::app

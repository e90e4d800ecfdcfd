// SPDX-License-Identifier: Apache-2.0
// Event logs (specification tdx.md 11): the dstack JSON list and the binary CC log, replayed to RTMR values.
// A log is evidence only after its replay equals the registers of a verified quote.
#pragma once

#include "base/json.hpp"
#include "evidence/cc_event.hpp"
#include "evidence/tdx_quote.hpp"

namespace lumoz::evidence {

/// Type of events that the runtime adds to RTMR3.
inline constexpr std::uint32_t kRuntimeEvent = 0x08000001;

using Rtmrs = std::array<Digest384, 4>;

struct Event {
    unsigned imr = 0;  ///< number of the register, 0 to 3
    std::uint32_t type = 0;
    Digest384 digest;  ///< recomputed for runtime events
    std::string name;
    Bytes payload;
    [[nodiscard]] bool runtime() const { return type == kRuntimeEvent; }
};

struct EventLog {
    std::vector<Event> events;
    Rtmrs rtmr{};                          ///< replay
    std::array<std::size_t, 4> extends{};  ///< events that went into each register

    /// First runtime event of this name within the phase that the name belongs to (`BootPhases`); null when
    /// there is none. What comes behind the end of the phase is the application's own and never counts, and a
    /// later event of the same name never overrides an earlier one.
    [[nodiscard]] const Event* boot_event(std::string_view name) const;
};

/// Walks along the runtime events of a log: names that boot uses count once, in their phase. What identifies
/// the application belongs before `boot-mr-done`, everything else of boot before `system-ready`.
class BootPhases {
public:
    /// True unless an event of this name, at this place, is one that boot uses and comes too late or again.
    bool counts(std::string_view name);
    /// The event that ends the phase of a name; `system-ready` for names that boot does not use.
    [[nodiscard]] static std::string_view end_of(std::string_view name);

private:
    std::vector<std::string_view> ended_;  ///< boot names seen so far; few
};

/// Digest of a runtime event. Version 1: SHA-384(type LE ‖ ":" ‖ name ‖ ":" ‖ payload); version 2: SHA-384 of
/// the RFC 8785 text of name, payload and type.
[[nodiscard]] Digest384 runtime_event_digest(std::string_view name, ByteView payload, int version = 1);
/// The text whose SHA-384 is a version 2 digest.
[[nodiscard]] std::string runtime_event_preimage(std::string_view name, ByteView payload);
/// SHA-384(register ‖ digest).
[[nodiscard]] Digest384 extend(const Digest384& rtmr, const Digest384& digest);

/// The dstack JSON array (11.2). `E_EVENTLOG_PARSE`, `E_EVENTLOG_INDEX`, `E_EVENT_DIGEST`; the detail begins
/// with the byte offset of the event in the text.
Result<EventLog> parse_event_list(std::string_view text);
Result<EventLog> parse_event_list(const json::Value& array);
/// Writes the list that `parse_event_list` reads; digests are written for every event.
[[nodiscard]] std::string to_json(std::span<const Event> events);

/// Result of reading a binary CC log (11.1).
struct CcLog {
    Rtmrs rtmr{};
    std::array<std::size_t, 4> extends{};
    std::size_t events = 0;  ///< records behind the first
    std::vector<CcEvent> records;
    std::string_view end;  ///< "eof", "ff" or "zero": what ended it
    std::size_t end_offset = 0;
};
/// `E_EVENTLOG_TRUNCATED`, `E_EVENTLOG_HEADER`, `E_EVENTLOG_ALG`, `E_EVENTLOG_INDEX`.
Result<CcLog> parse_cc_log(ByteView bytes);

/// Numbers of the registers whose replay differs from the quote, ascending. Requires: quote.is_tdx().
[[nodiscard]] std::vector<unsigned> rtmr_mismatches(const Rtmrs& replay, const Quote& quote);

}  // namespace lumoz::evidence

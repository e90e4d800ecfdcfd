// SPDX-License-Identifier: Apache-2.0
// An event log beside the registers of a verified quote: which register it explains, by which events, and how
// much of what the log shows is proven (specification tdx.md 11).
#pragma once

#include "evidence/event_log.hpp"
#include "verify/verdict.hpp"

#include <optional>

namespace lumoz::verify {

/// One event as it is shown.
struct LoggedEvent {
    std::string name;  ///< readable: the event's own name, else its type
    std::uint32_t type = 0;
    std::string type_name;  ///< hex when it is not known
    Digest384 digest;
    evidence::Content content = evidence::Content::Unproven;
    std::string payload;  ///< hex; empty when the log has none, or a binary one, which is read by type
    std::string text;     ///< the payload as a person reads it
    bool late = false;  ///< behind the end of its phase, or after an earlier one of its name: does not count
};

struct LoggedRegister {
    std::vector<LoggedEvent> events;
    Digest384 replay;
    std::optional<Digest384> quote;  ///< nothing when no quote was verified
    bool covered = true;             ///< false: firmware's log says nothing about a register of the runtime
    [[nodiscard]] bool differs() const { return quote && covered && *quote != replay; }
};

class LogReplay {
public:
    /// A binary CC log, the JSON list of a guest agent (which begins with `[`), or a JSON object whose member
    /// `event_log` is that list or its text: a guest agent's answer, or a report. The errors of all.
    static Result<LogReplay> read(ByteView content);
    /// Sets the registers beside the replay. Requires: quote.is_tdx().
    void compare(const evidence::Quote& quote);

    /// `ccel` or `dstack`.
    [[nodiscard]] std::string_view form() const { return form_; }
    [[nodiscard]] const std::array<LoggedRegister, 4>& registers() const { return registers_; }
    /// Numbers of the registers that differ from the quote.
    [[nodiscard]] std::vector<unsigned> mismatches() const;
    [[nodiscard]] std::size_t events_with(evidence::Content content) const;
    /// `{"form","registers":[{"rtmr","result","replay","quote","events":[…]}],"mismatch":[…]}`.
    [[nodiscard]] std::string json() const;

private:
    void take(const evidence::EventLog& log);
    void take(const evidence::CcLog& log);

    std::string_view form_;
    std::array<LoggedRegister, 4> registers_;
};

/// `E_RTMR_MISMATCH` with the numbers, unless there are none.
Status check_mismatches(std::span<const unsigned> numbers, std::string_view where);

/// Reads a log, replays it, and adds to `verdict` the rules `eventlog.parse` and `eventlog.replay`, the fact
/// `event_log` and remarks on what the log does not show. `quote` is null when no quote was proven: there is
/// nothing to compare with then. Nothing when the log cannot be read.
std::optional<LogReplay> check_event_log(Verdict& verdict, ByteView log, const evidence::Quote* quote);

}  // namespace lumoz::verify

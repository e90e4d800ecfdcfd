// SPDX-License-Identifier: Apache-2.0
// The binary CC event log: named errors only; what was read ends inside the input, and what is behind its end
// changes nothing.
#include "evidence/event_log.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    const lumoz::ByteView bytes(data, size);
    const auto log = lumoz::evidence::parse_cc_log(bytes);
    if (!log) {
        hold(log.error().rule.starts_with("E_EVENTLOG_"));
        return 0;
    }
    hold(log->end_offset <= size && !log->end.empty());
    std::size_t extends = 0;
    for (const std::size_t n : log->extends)
        extends += n;
    hold(extends <= log->events);
    const auto head = lumoz::evidence::parse_cc_log(bytes.first(log->end_offset));
    hold(head.has_value() && head->rtmr == log->rtmr && head->end == "eof");
    return 0;
}

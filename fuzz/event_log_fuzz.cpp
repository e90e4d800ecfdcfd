// SPDX-License-Identifier: Apache-2.0
// The dstack event list: named errors only; a list that was read is written in a form that reads back to the
// same registers.
#include "evidence/event_log.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    namespace evidence = lumoz::evidence;
    const lumoz::ByteView bytes(data, size);
    if (const auto log = evidence::parse_event_list(lumoz::as_text(bytes))) {
        std::size_t extends = 0;
        bool version_1 = true;
        for (const evidence::Event& event : log->events)
            version_1 = version_1 && (!event.runtime() || event.digest == evidence::runtime_event_digest(
                                                                              event.name, event.payload));
        for (const std::size_t n : log->extends)
            extends += n;
        hold(extends == log->events.size());
        // The list that is written names no version: it is for digests of version 1.
        if (version_1) {
            const auto again = evidence::parse_event_list(evidence::to_json(log->events));
            hold(again.has_value() && again->rtmr == log->rtmr);
        }
    } else {
        hold(log.error().rule.starts_with("E_EVENT"));
    }
    return 0;
}

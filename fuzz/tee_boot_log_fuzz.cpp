// SPDX-License-Identifier: Apache-2.0
// The ACPI table of the boot log, the area behind it and the quote service's configuration, which come from
// the firmware and from files: bounded, and a log that is kept reads the same as the area it was cut from.
#include "evidence/event_log.hpp"
#include "fuzz.hpp"
#include "tee/boot_log.hpp"
#include "tee/quote_service.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    const lumoz::ByteView bytes(data, size);
    if (const auto area = lumoz::tee::ccel_area(bytes)) hold(*area <= lumoz::tee::kMaxCcelArea);
    if (const auto port = lumoz::tee::quote_service_port(lumoz::as_text(bytes))) hold(*port != 0);
    const auto log = lumoz::tee::trim_cc_log(lumoz::to_bytes(bytes));
    if (!log) return 0;
    hold(log->size() <= size && log->size() <= lumoz::tee::kMaxBootLog);
    const auto whole = lumoz::evidence::parse_cc_log(bytes);
    const auto kept = lumoz::evidence::parse_cc_log(*log);
    hold(whole && kept && kept->end == "eof");
    hold(whole->rtmr == kept->rtmr && whole->events == kept->events);
    return 0;
}

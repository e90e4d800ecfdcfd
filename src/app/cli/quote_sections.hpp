// SPDX-License-Identifier: Apache-2.0
// What a verified quote and its event log say, in words and tables.
#pragma once

#include "app/output/report.hpp"
#include "verify/quote.hpp"

namespace lumoz::app {

/// Every field of header and body; shown with --explain.
[[nodiscard]] Section quote_section(const evidence::Quote& quote);
/// Registers of a replayed log against those of the quote (null: none is proven), and the runtime's events.
[[nodiscard]] Section event_log_section(const verify::LogReplay& log, const evidence::Quote* quote);
/// What keeps the platform, the TDX module or the QE below UpToDate: have, need, and which advisories would
/// go. No lines when nothing does.
[[nodiscard]] Section platform_section(const verify::TdxResult& result);

}  // namespace lumoz::app

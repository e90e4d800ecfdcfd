// SPDX-License-Identifier: Apache-2.0
// What a verified quote and its event log say, in words and tables.
#pragma once

#include "app/output/section.hpp"
#include "verify/quote.hpp"

namespace lumoz::app {

/// The fields of the body that say what runs; the others with --explain.
[[nodiscard]] Section quote_section(const evidence::Quote& quote);
/// What keeps the platform, the TDX module or the QE below UpToDate; the whole of it with --explain, else how
/// much there is to say. No lines when nothing does and nobody asks.
[[nodiscard]] Section platform_section(const verify::TdxResult& result);
/// Register by register, with the names of the events; each event on a line of its own with --explain.
[[nodiscard]] Section event_log_section(const verify::LogReplay& log);

}  // namespace lumoz::app

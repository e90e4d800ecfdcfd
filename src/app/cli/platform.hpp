// SPDX-License-Identifier: Apache-2.0
// What a verified quote says of its platform, in words.
#pragma once

#include "app/output/report.hpp"
#include "verify/tdx.hpp"

namespace lumoz::app {

/// Every field of header and body; shown with --explain.
[[nodiscard]] Section quote_section(const evidence::Quote& quote);
/// What keeps the platform, the TDX module or the QE below UpToDate: have, need, and which advisories would
/// go. No lines when nothing does.
[[nodiscard]] Section platform_section(const verify::TdxResult& result);

}  // namespace lumoz::app

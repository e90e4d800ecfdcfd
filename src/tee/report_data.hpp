// SPDX-License-Identifier: Apache-2.0
// Whether a device's quote is over what it was asked for. This verifies nothing else.
#pragma once

#include "base/bytes.hpp"

namespace lumoz::tee {

/// Fails with `E_TEE_EMPTY` for no bytes, `E_TEE_TOO_LARGE`, `E_TEE_ANSWER` for what is no TDX quote, and
/// `E_TEE_REPORT_DATA` unless the quote's REPORTDATA equals `asked`.
Status check_quote_answers(ByteView quote, const ReportData& asked);

}  // namespace lumoz::tee

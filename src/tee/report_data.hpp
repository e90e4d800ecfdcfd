// SPDX-License-Identifier: Apache-2.0
// What a device's quote says it was asked for. This looks at the one field and at nothing else; it verifies
// nothing. Offsets: specs/tdx.md 2.2 and 2.4.
#pragma once

#include "base/bytes.hpp"

namespace lumoz::tee {

/// A quote larger than this is no quote (specs/tdx.md 2.6).
inline constexpr std::size_t kMaxQuote = 65536;

/// Fails with `E_TEE_EMPTY` for no bytes, `E_TEE_TOO_LARGE`, `E_TEE_ANSWER` for what is no TDX quote, and
/// `E_TEE_REPORT_DATA` unless the quote's REPORTDATA equals `asked`.
Status check_quote_answers(ByteView quote, const ReportData& asked);

}  // namespace lumoz::tee

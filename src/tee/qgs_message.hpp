// SPDX-License-Identifier: Apache-2.0
// Messages of the host's quote generation service (specs/tdx.md 12.2). On the wire a message follows its
// length, 4 bytes big-endian; inside it numbers are little-endian: a header of 16 bytes (u16 major 1, u16
// minor, u32 type, u32 size of the message, u32 error), then the body. The host is not trusted: every length
// is held against the bytes that are there.
#pragma once

#include "base/bytes.hpp"

namespace lumoz::tee {

inline constexpr std::size_t kQgsPrefix = 4;
/// A header, two lengths, an id of up to 4 KiB and the largest quote.
inline constexpr std::size_t kMaxQgsMessage = 24 + 4096 + 65536;

/// The request for a quote over a TDREPORT, length prefix included; no list of ids.
[[nodiscard]] Bytes qgs_quote_request(ByteView td_report);

/// Size of the message behind a length prefix. `E_TEE_ANSWER` when it is too small for a header,
/// `E_TEE_TOO_LARGE` above kMaxQgsMessage. Requires: prefix.size() == kQgsPrefix.
Result<std::size_t> qgs_message_size(ByteView prefix);

/// The quote in an answer, without its prefix. `E_TEE_ANSWER` (version, type or a length does not fit),
/// `E_TEE_REFUSED` (the service names an error), `E_TEE_EMPTY`, `E_TEE_TOO_LARGE`.
Result<Bytes> parse_qgs_quote(ByteView message);

}  // namespace lumoz::tee

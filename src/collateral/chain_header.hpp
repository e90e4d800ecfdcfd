// SPDX-License-Identifier: Apache-2.0
// The issuer chain as a service sends it: PEM, percent-encoded, in one header (specification tdx.md 4.3).
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace lumoz::collateral {

/// Ceiling of the header's value.
inline constexpr std::size_t kMaxChainHeader = std::size_t{24} << 10;

/// Decodes once (RFC 3986; '+' stands for itself) and demands PEM certificates and nothing else: 1 to 4 of
/// them. `E_CERT_PARSE` for an encoding that is broken or done twice, other bytes than those of PEM, and text
/// outside the blocks.
Result<std::string> decode_chain_header(std::string_view value);

}  // namespace lumoz::collateral

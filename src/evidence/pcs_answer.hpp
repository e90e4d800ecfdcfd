// SPDX-License-Identifier: Apache-2.0
// What an answer of Intel's certification service (or of a caching one) is made of: the issuer chain in its
// head, and a signed text with its signature in its body (specification tdx.md 4.2 and 4.3).
#pragma once

#include "base/result.hpp"

#include <string>

namespace lumoz::evidence {

/// Ceiling of the header's value.
inline constexpr std::size_t kMaxChainHeader = std::size_t{24} << 10;
/// Ceiling of a body.
inline constexpr std::size_t kMaxPcsBody = std::size_t{2} << 20;

/// Decodes once (RFC 3986; '+' stands for itself) and demands PEM certificates and nothing else: 1 to 4 of
/// them. `E_CERT_PARSE` for an encoding that is broken or done twice, other bytes than those of PEM, and text
/// outside the blocks.
Result<std::string> decode_chain_header(std::string_view value);

struct SignedText {
    std::string text;       ///< exactly as it stands: number form, order and white space were signed
    std::string signature;  ///< as it stands
};
/// Out of `{"<member>":{…},"signature":"…"}`. `E_COLLATERAL_ANSWER`.
Result<SignedText> cut_signed_text(std::string_view body, std::string_view member);

}  // namespace lumoz::evidence

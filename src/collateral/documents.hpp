// SPDX-License-Identifier: Apache-2.0
// What a collateral service is asked for and what its answers mean (specification tdx.md 4.2 and 4.3),
// without a network. Signed texts are cut out byte by byte and never written anew.
#pragma once

#include "evidence/collateral.hpp"
#include "evidence/tdx_quote.hpp"

namespace lumoz::collateral {

/// Whose collateral: the family of a platform.
struct Platform {
    bool tdx = true;
    std::string fmspc;  ///< 12 lower-case hex digits
    std::string ca;     ///< `platform` or `processor`
    bool operator==(const Platform&) const = default;
};
/// From the PCK chain inside a quote. `E_QUOTE_…`, `E_CERT_…`, `E_PCK_EXTENSION`; `E_PCK_CHAIN_MISSING` when
/// the quote has no chain of its own.
Result<Platform> platform_of(ByteView quote);
/// Checks what a person typed. `E_COLLATERAL_PLATFORM`.
Result<Platform> make_platform(std::string_view tee, std::string_view fmspc, std::string_view ca);

/// Which set of data.
struct Edition {
    bool early = false;                            ///< the newest set instead of the enforced one
    std::optional<std::uint32_t> evaluation = {};  ///< one set by number; `early` does not count then
    /// `standard`, `early` or the number: part of a cache's key.
    [[nodiscard]] std::string text() const;
};

std::string tcb_info_path(const Platform& platform, const Edition& edition);
std::string qe_identity_path(const Platform& platform, const Edition& edition);
std::string pck_crl_path(const Platform& platform);
inline constexpr std::string_view kRootCrlPath = "/sgx/certification/v4/rootcacrl";

/// A PEM chain from a header: percent-decoded once. `E_CERT_PARSE` for bad escapes, bytes outside ASCII, or
/// more than 64 KiB.
Result<std::string> decode_chain_header(std::string_view value);

/// A document and its signature, cut out of `{"<member>":{…},"signature":"…"}`.
struct SignedText {
    std::string text;       ///< the bytes of the member's value as they came
    std::string signature;  ///< 128 hex digits
};
/// `member` is `tcbInfo` or `enclaveIdentity`. `E_COLLATERAL_PARSE`.
Result<SignedText> cut_signed_text(std::string_view body, std::string_view member);

/// PEM, DER or hex text to lower-case hex of DER. `E_CRL_PARSE` (hex of hex is none).
Result<std::string> normalized_crl(ByteView body);

}  // namespace lumoz::collateral

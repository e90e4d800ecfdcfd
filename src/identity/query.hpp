// SPDX-License-Identifier: Apache-2.0
// Query strings of the attestation routes (specs/api.md 3.1 and 8.2). An error's `detail` is the exact
// message for the client: it holds nothing that the client sent. `Errc::NotFound` is status 404, every
// other code is 400.
#pragma once

#include "evidence/report_data.hpp"
#include "identity/public_identity.hpp"

namespace lumoz::identity {

/// The v1 key that a report is about.
enum class ReportKey : std::uint8_t { Ecdsa, Ed25519 };

struct ReportQuery {
    ReportKey key = ReportKey::Ecdsa;
    std::optional<Nonce> nonce;
    evidence::BindingForm form = evidence::BindingForm::Plain;  ///< Plain, Tls or Lumoz
    bool siblings = true;                                       ///< false by `siblings=none`: this node alone
};

/// `query`: the part behind `?`, percent-encoded, at most 8 KiB. Unknown parameters are ignored, a known one
/// twice is refused. Errors: `E_QUERY` (form), `E_QUERY_ALGO`, `E_QUERY_NONCE`, `E_QUERY_ADDRESS` (404),
/// `E_QUERY_TLS` (no TLS key is served), `E_QUERY_BINDING`, `E_QUERY_VERSION`, `E_QUERY_CHANNEL`,
/// `E_QUERY_SIBLINGS`.
Result<ReportQuery> parse_report_query(std::string_view query, const PublicIdentity& identity);

/// The nonce of `/v1/aci/attestation`: absent, or exactly 64 lowercase hex digits. `E_QUERY_NONCE`; the
/// error type of the answer is `invalid_request_error`.
Result<std::optional<Nonce>> parse_aci_nonce(std::string_view query);

}  // namespace lumoz::identity

// SPDX-License-Identifier: Apache-2.0
// The 64 bytes of report_data that a quote carries, in each form that is in use (api.md 3.3, 8.2).
#pragma once

#include "base/bytes.hpp"

namespace lumoz::evidence {

enum class BindingForm : std::uint8_t { Plain, Tls, Lumoz, Aci, TinfoilV2, TinfoilV3 };
/// `plain`, `tls`, `lumoz`, `aci`, `tinfoil-v2`, `tinfoil-v3`.
[[nodiscard]] std::string_view to_text(BindingForm form);

/// Address (20 bytes ecdsa, 32 bytes Ed25519) padded with zeros to 32, then the nonce.
/// Requires: address.size() <= 32.
[[nodiscard]] ReportData plain_report_data(ByteView address, const Nonce& nonce);
/// SHA-256(address ‖ SPKI digest), then the nonce.
[[nodiscard]] ReportData tls_report_data(ByteView address, const Digest256& spki_sha256, const Nonce& nonce);
/// SHA-256(statement), then 32 zero bytes: the Lumoz and the ACI form.
[[nodiscard]] ReportData statement_report_data(std::string_view statement);
/// SHA-256("lumoz/attest/v1" ‖ 00 ‖ nonce), then the nonce: a machine's word for a nonce and for no key. The
/// label keeps a nonce that somebody else chose from being read as any of the forms above.
[[nodiscard]] ReportData attest_report_data(const Nonce& nonce);

}  // namespace lumoz::evidence

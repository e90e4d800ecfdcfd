// SPDX-License-Identifier: Apache-2.0
// One document of the vendor in the form that a bundle has: exact signed text or hex of DER, signature, and
// the certificates of who signed it. Reading says nothing about who signed; `check` does.
#pragma once

#include "base/time.hpp"
#include "collateral/request.hpp"
#include "evidence/pcs_answer.hpp"
#include "verify/roots.hpp"

namespace lumoz::collateral {

/// Ceiling of a document as it comes from a service, a file or the cache.
inline constexpr std::size_t kMaxDocument = evidence::kMaxPcsBody;

struct Document {
    Item item = Item::TcbInfo;
    /// PEM, issuer first, root last. Root CRL: the root certificate alone.
    std::string chain{};
    std::string text{};       ///< exact signed JSON, or the CRL as lowercase hex of DER
    std::string signature{};  ///< 128 hex digits; empty for CRLs
    UnixTime fetched_at = 0;  ///< when a service gave it; not authenticated
};

/// The body of a service's answer. JSON documents are cut out of their wrapper as text; CRLs are taken as
/// PEM, hex or DER by their content and decoded once. `E_COLLATERAL_ANSWER` (not the wrapper of this
/// document), `E_CRL_PARSE`.
Result<Document> read_answer(Item item, ByteView body, std::string chain);

/// A document whose signature holds.
struct Checked {
    UnixTime not_before = 0;  ///< of the document and of every certificate in its chain
    UnixTime not_after = 0;
    UnixTime issued = 0;                  ///< of the document alone
    std::uint32_t evaluation_number = 0;  ///< TCB info and QE identity
    Digest256 root;
    Bytes signer_serial{};  ///< DER content of the serial of the chain's first certificate

    [[nodiscard]] bool valid_at(UnixTime now) const { return not_before <= now && now <= not_after; }
    /// Older than `other` is: a lower evaluation number, or the same one issued before.
    [[nodiscard]] bool older_than(const Checked& other) const;
};

/// Signature up to an accepted root, form, and that it is what was asked for; everything but the dates.
/// Errors of specification tdx.md 5 (CC, CR, steps 7 to 12, 15, 16), except dates and revocation.
Result<Checked> check(const Document& document, const Request& request, const verify::RootPins& roots);
/// The dates. `E_TCBINFO_…`, `E_QEID_…`, `E_CRL_…` with `NOT_YET_VALID` or `EXPIRED`.
Status check_dates(const Document& document, const Checked& checked, UnixTime now);

/// The last certificate of a PEM chain, as PEM. `E_CERT_PARSE`.
Result<std::string> root_of(std::string_view chain);

}  // namespace lumoz::collateral

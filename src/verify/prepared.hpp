// SPDX-License-Identifier: Apache-2.0
// The inside of PreparedCollateral: what depends on collateral and roots only, with the faults kept. Internal
// to verify/.
#pragma once

#include "verify/chain.hpp"
#include "verify/tdx.hpp"

namespace lumoz::verify {

/// A document signed by the TCB signing key, after as many steps as its faults allow.
template <class Document>
struct SignedDocument {
    Result<Chain> chain = Chain{};
    Status signature;                        ///< looked at when the chain holds
    Result<Document> document = Document{};  ///< parsed when the signature holds
};

/// The PCK chain that was at hand when the collateral was prepared: a whole one, or the two issuers.
struct WarmChain {
    std::string text;  ///< PEM
    std::vector<Bytes> certificates;
    Chain chain;  ///< what `text` makes; empty unless CC holds for it
    Result<evidence::PckExtension> pck = evidence::PckExtension{};  ///< of the leaf; looked at with `chain`

    /// What a PEM text splits into: as evidence::split_certificates, without reading again what is known.
    [[nodiscard]] Result<std::vector<Bytes>> split(std::string_view pem) const;
};

struct PreparedState {
    RootPins roots;
    Memo memo;
    std::string pck_certificate_chain;
    WarmChain warm;
    Result<evidence::Crl> root_crl;
    Result<evidence::Crl> pck_crl;
    SignedDocument<evidence::TcbInfo> tcb_info;
    SignedDocument<evidence::QeIdentity> qe_identity;
    UnixTime not_before = 0;
    UnixTime not_after = -1;
};

/// `pck_chain` (PEM; may be empty) only warms the memo: it is checked again with each quote.
std::shared_ptr<const PreparedState> prepare_state(const evidence::Collateral& collateral,
                                                   const RootPins& roots, std::string_view pck_chain);

/// PEM text of the PCK chain: the quote's own, else the collateral's. A view into either.
[[nodiscard]] std::string_view pck_chain_text(const evidence::Quote& quote,
                                              const evidence::Collateral& collateral);

}  // namespace lumoz::verify

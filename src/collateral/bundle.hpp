// SPDX-License-Identifier: Apache-2.0
// The four documents of one platform together: what a verification takes, what is stapled to reports, and
// what travels to machines without a network.
#pragma once

#include "collateral/document.hpp"
#include "evidence/collateral.hpp"

namespace lumoz::collateral {

/// Documents that were checked one by one and against each other.
struct Bundle {
    Request request;
    evidence::Collateral texts;
    UnixTime not_before = 0;
    UnixTime not_after = 0;  ///< earliest end of documents and certificates
    std::uint32_t evaluation_number = 0;  ///< the smaller of the two
    Digest256 root;
};

/// `where` of the errors of `assemble` that say: the documents are good, but not together.
inline constexpr std::string_view kWhereBundle = "collateral.bundle";
inline constexpr std::string_view kWhereSigner = "collateral.signer";

/// Indexed by `Item`.
using DocumentSet = std::array<Document, kItems.size()>;

/// Checks each document for itself and all of them together: one root, and none of the signers on its lists.
/// Dates are not looked at. Errors of `check`; `E_CHAIN_ROOT_UNTRUSTED` (different roots), `E_CERT_REVOKED`.
Result<Bundle> assemble(const DocumentSet& documents, const Request& request, const verify::RootPins& roots);

/// Takes a bundle apart. TEE, FMSPC and CA come from its documents, the data set from the caller. Documents
/// that a store has pretty-printed are compacted outside texts when only that makes the signature hold.
/// `E_COLLATERAL_PARSE` (also when the chain of the PCK CRL is in neither of the two places), errors of
/// `assemble`.
struct Imported {
    Bundle bundle;
    DocumentSet documents;
    bool compacted = false;
};
Result<Imported> import_bundle(std::string_view text, const DataSet& set, const verify::RootPins& roots,
                               UnixTime now);

/// JSON without the white space outside its texts.
[[nodiscard]] std::string compacted(std::string_view json);

}  // namespace lumoz::collateral

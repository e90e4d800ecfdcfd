// SPDX-License-Identifier: Apache-2.0
// Who signs revocation lists: the root, and the PCK CA below it. The chains of specification tdx.md 5 (CC)
// end in a leaf; these do not, so they have checks of their own.
#pragma once

#include "collateral/request.hpp"
#include "verify/chain.hpp"

namespace lumoz::collateral {

/// PEM of one certificate: the root itself. `E_CHAIN_LENGTH`, `E_CHAIN_ROOT_UNTRUSTED`, `E_CHAIN_NAME`,
/// `E_CHAIN_SIGNATURE`, `E_CERT_…`.
Result<verify::Chain> check_root(std::string_view pem, const verify::RootPins& roots, verify::Memo& memo);
/// PEM of PCK CA and root. The CA must be the one that is named.
Result<verify::Chain> check_ca_chain(std::string_view pem, PckCa ca, const verify::RootPins& roots,
                                     verify::Memo& memo);

}  // namespace lumoz::collateral

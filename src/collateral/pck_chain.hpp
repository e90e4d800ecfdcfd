// SPDX-License-Identifier: Apache-2.0
// The PCK certificate of a quote that only names its platform (certification data types 1 to 3, specification
// tdx.md 2.5): asked of the service by what the quote says. Read here, not believed: the verification checks
// the chain, and that it is of this platform.
#pragma once

#include "collateral/transport.hpp"
#include "evidence/platform.hpp"

#include <optional>

namespace lumoz::collateral {

/// Path and query of `/pckcert`; nothing for a quote that brings a certificate. Type 1 has the platform's id
/// in the clear, which the service does not take: it is asked by the id of the quoting enclave alone, which
/// caching services know. Errors of the quote's parser, and `E_QUOTE_CERT_TYPE` for data of a wrong length.
Result<std::optional<std::string>> pck_target(ByteView quote);

/// PEM: leaf, intermediate, root. Requires: `pck_target` gave `target`. Errors of the network and of
/// `Client::fetch`; `E_COLLATERAL_ANSWER` when it is not one certificate before two.
Result<std::string> fetch_pck_chain(Transport& transport, std::string_view target);

struct PlatformOfQuote {
    evidence::Platform platform;
    std::string pck_chain;  ///< what the service gave; empty where the quote brings its own
};
/// Whose collateral a quote wants, asking the service where the quote does not say. `transport` null: nobody
/// is asked. Errors of all the above and of `evidence::platform_of`.
Result<PlatformOfQuote> find_platform(Transport* transport, ByteView quote);

}  // namespace lumoz::collateral

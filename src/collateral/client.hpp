// SPDX-License-Identifier: Apache-2.0
// Client of Intel's provisioning certification service and of a caching one (PCCS), API v4: asks for one
// document and reads the answer. It keeps nothing and believes nothing.
#pragma once

#include "collateral/document.hpp"
#include "collateral/transport.hpp"

namespace lumoz::collateral {

/// The errors of `Client::fetch` for statuses but 200; `document` is named in the detail.
Status check_status(std::string_view document, int status);

class Client {
public:
    /// Requires: `transport` outlives the client.
    explicit Client(Transport& transport) : transport_(transport) {}

    /// `root_pem`: the root certificate, for the root CRL only: what the list is checked with, and where it
    /// is published when the service has none. Requires: it is that of a document that was checked, for
    /// whoever answers must not choose where this machine calls next. Errors of the network, and:
    /// `E_COLLATERAL_UNKNOWN` (404: no such platform), `E_COLLATERAL_GONE` (410: the data set is no longer
    /// served), `E_COLLATERAL_REDIRECT` (3xx), `E_COLLATERAL_SERVICE` (any other status),
    /// `E_COLLATERAL_HEADER` (no issuer chain, or two), `E_CERT_PARSE` (a chain that is none),
    /// `E_COLLATERAL_ANSWER`, `E_CRL_PARSE`.
    Result<Document> fetch(Item item, const Request& request, const std::string& root_pem, UnixTime now);

private:
    Result<net::Response> root_list(const Request& request, const std::string& root_pem);
    Transport& transport_;
};

}  // namespace lumoz::collateral

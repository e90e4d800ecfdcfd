// SPDX-License-Identifier: Apache-2.0
// The client of Intel's provisioning certification service and of caches that serve the same paths (PCCS).
// Blocking; what it gives is complete but unchecked: verify::check_collateral judges it.
#pragma once

#include "collateral/documents.hpp"
#include "net/blocking.hpp"
#include "verify/roots.hpp"

namespace lumoz::collateral {

struct ServiceOptions {
    std::string url;      ///< https, or http (a cache of one's own); no path of API v4 in it
    std::string ca_file;  ///< PEM file of the authorities for https; empty: the system's
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds total_timeout{20'000};  ///< of one document
};

class CollateralService {
public:
    /// `E_URL`, `E_TLS_CA`.
    static Result<CollateralService> open(ServiceOptions options);

    /// All documents of one platform family, each asked for once. `E_COLLATERAL_FETCH` with what the service
    /// said: another status than 200 (404: unknown FMSPC, 410: number no longer served; redirects are not
    /// followed), over 1 MiB, cut, too slow; `E_COLLATERAL_PARSE`, `E_CERT_PARSE`, `E_CRL_PARSE` for what it
    /// gave. The root's list may lie where a certificate of one of `roots` says.
    [[nodiscard]] Result<evidence::Collateral> fetch(const Platform& platform, const Edition& edition,
                                                     const verify::RootPins& roots) const;
    [[nodiscard]] const std::string& url() const { return options_.url; }

private:
    CollateralService(ServiceOptions options, net::Url url, net::BlockingOptions blocking)
        : options_(std::move(options)), url_(std::move(url)), blocking_(std::move(blocking)) {}
    [[nodiscard]] Result<net::Response> get(const std::string& target) const;
    [[nodiscard]] Result<std::string> root_crl(const std::string& issuer_chain,
                                               const verify::RootPins& roots) const;
    ServiceOptions options_;
    net::Url url_;
    net::BlockingOptions blocking_;
};

}  // namespace lumoz::collateral

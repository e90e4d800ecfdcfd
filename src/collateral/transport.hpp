// SPDX-License-Identifier: Apache-2.0
// How the client reaches a service: one GET at a time. Redirects are answers like any other.
#pragma once

#include "net/blocking.hpp"

namespace lumoz::collateral {

/// Tests hand in their own.
class Transport {
public:
    virtual ~Transport() = default;
    /// `target` begins with '/' and goes to the configured service. Any status is an answer.
    virtual Result<net::Response> get(std::string_view target) = 0;
    /// A whole address elsewhere: the distribution point in the root certificate.
    virtual Result<net::Response> get_url(std::string_view url) = 0;
};

struct HttpOptions {
    std::string ca_file{};                    ///< PEM of the authorities for https; empty: the system's
    std::optional<Digest256> spki_sha256{};   ///< accept exactly this key of the service instead
    std::chrono::milliseconds total{30'000};  ///< one answer, from its first to its last byte
};

/// HTTP/1.1 over TLS, or plain to this machine. One connection per request.
class HttpTransport final : public Transport {
public:
    /// `https://host[:port][/prefix]`; `http://` and `unix:` only to this machine. The
    /// `/sgx/certification/v4` that other tools want at the end is taken off. `E_COLLATERAL_URL`, `E_TLS_CA`.
    static Result<std::unique_ptr<HttpTransport>> open(std::string_view url, const HttpOptions& options);

    Result<net::Response> get(std::string_view target) override;
    Result<net::Response> get_url(std::string_view url) override;
    /// Any thread, once and for all: what is under way and what follows ends with `E_NET_CANCELLED`.
    void cancel();

private:
    HttpTransport(net::Url url, net::BlockingOptions options);
    net::Url url_;
    net::BlockingOptions options_;
    std::shared_ptr<const net::TlsContext> elsewhere_;  ///< trust by authorities, never by the pin
    net::Interrupt interrupt_;
};

}  // namespace lumoz::collateral

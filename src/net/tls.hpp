// SPDX-License-Identifier: Apache-2.0
// TLS 1.3 by OpenSSL: server contexts from key and certificate in memory, client contexts by trust in a CA,
// in a pinned SPKI, or explicitly in nothing. No tickets, no session cache, no renegotiation.
#pragma once

#include "base/bytes.hpp"

#include <memory>
#include <string>

namespace lumoz::net {

class TlsContext {
public:
    /// Server. `private_pem` is read once and not kept by us. `E_TLS_KEY`, `E_TLS_CERTIFICATE`.
    static Result<TlsContext> server(std::string_view private_pem, std::string_view certificate_pem);
    /// Client that accepts certificates of this CA file (PEM) for the host's name; the system's store when
    /// the path is empty. `E_TLS_CA`.
    static Result<TlsContext> client_with_ca(const std::string& ca_file);
    /// Client that accepts exactly the key whose SubjectPublicKeyInfo has this SHA-256, whatever the names.
    static Result<TlsContext> client_with_pin(const Digest256& spki_sha256);
    /// Client that accepts any certificate. The caller must compare `peer_spki()` before trusting anything.
    static Result<TlsContext> client_without_verification();

    ~TlsContext();
    TlsContext(TlsContext&&) noexcept;
    TlsContext& operator=(TlsContext&&) noexcept;

    /// SHA-256 of the own certificate's SubjectPublicKeyInfo (server only, else zero).
    [[nodiscard]] const Digest256& spki_sha256() const;

    struct State;
    [[nodiscard]] const State& state() const { return *state_; }

private:
    explicit TlsContext(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace lumoz::net

// SPDX-License-Identifier: Apache-2.0
// One TLS connection on a non-blocking socket, as OpenSSL calls without waiting; only for the .cpp files of
// net/. Records are written and read straight on the socket: no second buffer, no copy but the gathering one.
#pragma once

#include "net/tls.hpp"

#include <openssl/ssl.h>

#include <optional>

namespace lumoz::net {

struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

struct TlsContext::State {
    enum class Trust : std::uint8_t { Server, Ca, Pin, Nothing };
    std::unique_ptr<SSL_CTX, SslFree> context;
    Trust trust = Trust::Server;
    Digest256 spki;  ///< own key (server) or pinned key (client)
};

/// SHA-256 of the certificate's SubjectPublicKeyInfo; nothing when that cannot be read.
[[nodiscard]] std::optional<Digest256> spki_of(const X509* certificate);

class TlsSession {
public:
    /// `host` is empty for servers. The socket must live as long as the session.
    static Result<std::unique_ptr<TlsSession>> create(const TlsContext::State& context, int fd,
                                                      const std::string& host);

    enum class Want : std::uint8_t { Nothing, Read, Write };
    /// One step of the handshake: what it waits for. `E_TLS_HANDSHAKE`, `E_TLS_CERTIFICATE`, `E_TLS_PIN`.
    Result<Want> handshake();
    /// 0 at close_notify. `E_TLS_RECORD`, and `E_NET_CLOSED` for an end without close_notify.
    Result<std::optional<std::size_t>> read(std::span<std::uint8_t> into);
    /// At most one record is written; 0 when the socket takes nothing. A retry begins with the same bytes.
    Result<std::size_t> write(std::span<const ByteView> parts);
    /// Sends close_notify if the socket takes it now.
    void shutdown();
    /// The connection ends without close_notify.
    void abandon() { dead_ = true; }
    [[nodiscard]] bool has_pending() const { return SSL_has_pending(ssl_.get()) == 1; }
    [[nodiscard]] bool read_wants_write() const { return read_wants_write_; }
    [[nodiscard]] const std::optional<Digest256>& peer_spki() const { return peer_spki_; }

private:
    TlsSession(std::unique_ptr<SSL, SslFree> ssl, const TlsContext::State& context);
    Status check_peer();
    std::unique_ptr<SSL, SslFree> ssl_;
    TlsContext::State::Trust trust_;
    Digest256 pin_;
    std::optional<Digest256> peer_spki_;
    bool read_wants_write_ = false;
    bool dead_ = false;
};

}  // namespace lumoz::net

// SPDX-License-Identifier: Apache-2.0
#include "net/tls.hpp"

#include "crypto/sha2.hpp"
#include "net/stream_core.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace lumoz::net {

namespace {

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

using ContextPtr = std::unique_ptr<SSL_CTX, SslFree>;

Result<ContextPtr> make_context(const SSL_METHOD* method) {
    ContextPtr context(SSL_CTX_new(method));
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1) {
        return fail(Errc::Internal, "E_TLS_CONTEXT", "net.tls.context");
    }
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context.get(), 1);
    return context;
}

Owned<BIO> memory(std::string_view text) {
    return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// OpenSSL asks nobody for a pass phrase.
int no_password(char*, int, int, void*) {
    return 0;
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;
TlsContext::TlsContext(TlsContext&&) noexcept = default;
TlsContext& TlsContext::operator=(TlsContext&&) noexcept = default;

const Digest256& TlsContext::spki_sha256() const {
    return state_->spki;
}

Result<TlsContext> TlsContext::server(std::string_view private_pem, std::string_view certificate_pem) {
    auto state = std::make_unique<State>();
    LUMOZ_TRY(state->context, make_context(TLS_server_method()));
    SSL_CTX* context = state->context.get();
    SSL_CTX_set_num_tickets(context, 0);
    const Owned<BIO> key_bio = memory(private_pem);
    const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_password, nullptr));
    if (!key) {
        ERR_clear_error();
        return fail(Errc::Malformed, "E_TLS_KEY", "net.tls.server_key");
    }
    const Owned<BIO> bio = memory(certificate_pem);
    const Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
    if (!certificate || SSL_CTX_use_certificate(context, certificate.get()) != 1) {
        ERR_clear_error();
        return fail(Errc::Malformed, "E_TLS_CERTIFICATE", "net.tls.server_certificate");
    }
    while (X509* more = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) {
        if (SSL_CTX_add0_chain_cert(context, more) != 1) X509_free(more);
    }
    ERR_clear_error();
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
        ERR_clear_error();
        return fail(Errc::Refused, "E_TLS_KEY", "net.tls.key_of_certificate");
    }
    const std::optional<Digest256> spki = spki_of(certificate.get());
    if (!spki) return fail(Errc::Malformed, "E_TLS_CERTIFICATE", "net.tls.server_spki");
    state->spki = *spki;
    return TlsContext(std::move(state));
}

Result<TlsContext> TlsContext::client_with_ca(const std::string& ca_file) {
    auto state = std::make_unique<State>();
    LUMOZ_TRY(state->context, make_context(TLS_client_method()));
    state->trust = State::Trust::Ca;
    SSL_CTX* context = state->context.get();
    const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                       : SSL_CTX_load_verify_file(context, ca_file.c_str());
    ERR_clear_error();
    if (loaded != 1) return fail(Errc::Io, "E_TLS_CA", "net.tls.ca_file");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    return TlsContext(std::move(state));
}

Result<TlsContext> TlsContext::client_with_pin(const Digest256& spki_sha256) {
    LUMOZ_TRY(TlsContext out, client_without_verification());
    out.state_->trust = State::Trust::Pin;
    out.state_->spki = spki_sha256;
    return out;
}

Result<TlsContext> TlsContext::client_without_verification() {
    auto state = std::make_unique<State>();
    LUMOZ_TRY(state->context, make_context(TLS_client_method()));
    state->trust = State::Trust::Nothing;
    SSL_CTX_set_verify(state->context.get(), SSL_VERIFY_NONE, nullptr);
    return TlsContext(std::move(state));
}

Task<Status> Stream::Core::handshake(const TlsContext& context, const std::string& host, TimePoint deadline) {
    if (!socket) co_return fail(Errc::Closed, "E_NET_CLOSED", "net.tls.handshake");
    LUMOZ_CO_TRY(std::unique_ptr<TlsSession> session, TlsSession::create(context.state(), fd(), host));
    tls = std::move(session);
    for (;;) {
        LUMOZ_CO_TRY(const TlsSession::Want want, tls->handshake());
        if (want == TlsSession::Want::Nothing) break;
        maybe_readable_ = false;
        auto ready = want == TlsSession::Want::Read ? wait_readable(deadline) : wait_writable(deadline);
        LUMOZ_CO_CHECK_OK(co_await std::move(ready));
        if (!tls) co_return fail(Errc::Closed, "E_NET_CLOSED", "net.tls.handshake");
    }
    maybe_readable_ = true;
    peer_spki = tls->peer_spki();
    co_return Status{};
}

Task<Status> Stream::tls_accept(const TlsContext& context, TimePoint deadline) {
    const std::shared_ptr<Core> core = core_;
    co_return co_await core->handshake(context, std::string(), deadline);
}

Task<Status> Stream::tls_connect(const TlsContext& context, std::string host, TimePoint deadline) {
    const std::shared_ptr<Core> core = core_;
    co_return co_await core->handshake(context, host, deadline);
}

}  // namespace lumoz::net

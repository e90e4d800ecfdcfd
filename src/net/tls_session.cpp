// SPDX-License-Identifier: Apache-2.0
#include "net/tls_session.hpp"

#include "crypto/sha2.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace lumoz::net {

namespace {

constexpr std::size_t kRecord = std::size_t{16} << 10;

int fd_of(BIO* bio) {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a peer that is gone would end the process.
int bio_write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const ssize_t n = ::send(fd_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
    return static_cast<int>(n);
}

int bio_read(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    const ssize_t n = ::recv(fd_of(bio), data, static_cast<std::size_t>(size), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
    if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(n);
}

long bio_ctrl(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return 0;
}

int bio_create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD* socket_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "lumoz socket");
        BIO_meth_set_write(made, bio_write);
        BIO_meth_set_read(made, bio_read);
        BIO_meth_set_ctrl(made, bio_ctrl);
        BIO_meth_set_create(made, bio_create);
        return made;
    }();
    return method;
}

/// Number of the oldest error in OpenSSL's queue, which is emptied.
std::string take_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    return code == 0 ? "" : "openssl reason " + std::to_string(ERR_GET_REASON(code));
}

bool is_numeric(const std::string& host) {
    std::array<unsigned char, 16> raw{};
    return inet_pton(AF_INET, host.c_str(), raw.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), raw.data()) == 1;
}

}  // namespace

TlsSession::TlsSession(std::unique_ptr<SSL, SslFree> ssl, const TlsContext::State& context)
    : ssl_(std::move(ssl)), trust_(context.trust), pin_(context.spki) {}

Result<std::unique_ptr<TlsSession>> TlsSession::create(const TlsContext::State& context, int fd,
                                                       const std::string& host) {
    std::unique_ptr<SSL, SslFree> ssl(SSL_new(context.context.get()));
    BIO* bio = BIO_new(socket_method());
    if (!ssl || bio == nullptr) return fail(Errc::Internal, "E_TLS_HANDSHAKE", "net.tls.session");
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
    SSL_set_bio(ssl.get(), bio, bio);
    if (context.trust == TlsContext::State::Trust::Server) {
        SSL_set_accept_state(ssl.get());
    } else {
        SSL_set_connect_state(ssl.get());
        const bool numeric = is_numeric(host);
        if (!host.empty() && !numeric) SSL_set_tlsext_host_name(ssl.get(), host.c_str());
        if (context.trust == TlsContext::State::Trust::Ca) {
            const int named = numeric ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str())
                                      : SSL_set1_host(ssl.get(), host.c_str());
            if (named != 1 || host.empty()) {
                return fail(Errc::Usage, "E_TLS_CERTIFICATE", "net.tls.host_name");
            }
        }
    }
    return std::unique_ptr<TlsSession>(new TlsSession(std::move(ssl), context));
}

Result<TlsSession::Want> TlsSession::handshake() {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) {
        LUMOZ_CHECK_OK(check_peer());
        return Want::Nothing;
    }
    switch (SSL_get_error(ssl_.get(), done)) {
        case SSL_ERROR_WANT_READ:
            return Want::Read;
        case SSL_ERROR_WANT_WRITE:
            return Want::Write;
        default:
            break;
    }
    dead_ = true;
    const long verified = SSL_get_verify_result(ssl_.get());
    if (trust_ == TlsContext::State::Trust::Ca && verified != X509_V_OK) {
        ERR_clear_error();
        return fail(Errc::Refused, "E_TLS_CERTIFICATE", "net.tls.verify",
                    "X509 error " + std::to_string(verified));
    }
    return fail(Errc::Closed, "E_TLS_HANDSHAKE", "net.tls.handshake", take_error());
}

std::optional<Digest256> spki_of(const X509* certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (size <= 0) return std::nullopt;
    const Digest256 out = crypto::sha256(ByteView(der, static_cast<std::size_t>(size)));
    OPENSSL_free(der);
    return out;
}

Status TlsSession::check_peer() {
    if (trust_ == TlsContext::State::Trust::Server) return {};
    const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate == nullptr) return fail(Errc::Refused, "E_TLS_CERTIFICATE", "net.tls.no_certificate");
    peer_spki_ = spki_of(certificate);
    if (!peer_spki_) return fail(Errc::Malformed, "E_TLS_CERTIFICATE", "net.tls.spki");
    if (trust_ == TlsContext::State::Trust::Pin && *peer_spki_ != pin_) {
        return fail(Errc::Refused, "E_TLS_PIN", "net.tls.pin");
    }
    return {};
}

Result<std::optional<std::size_t>> TlsSession::read(std::span<std::uint8_t> into) {
    if (dead_) return fail(Errc::Closed, "E_NET_CLOSED", "net.tls.read");
    ERR_clear_error();
    read_wants_write_ = false;
    std::size_t got = 0;
    const int done = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
    if (done == 1) return got;
    switch (SSL_get_error(ssl_.get(), done)) {
        case SSL_ERROR_WANT_READ:
            return std::nullopt;
        case SSL_ERROR_WANT_WRITE:
            read_wants_write_ = true;
            return std::nullopt;
        case SSL_ERROR_ZERO_RETURN:
            return std::size_t{0};
        case SSL_ERROR_SYSCALL:
            dead_ = true;
            return fail(Errc::Closed, "E_NET_CLOSED", "net.tls.read");
        default:
            break;
    }
    dead_ = true;
    if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        ERR_clear_error();
        return fail(Errc::Closed, "E_NET_CLOSED", "net.tls.truncated");
    }
    return fail(Errc::Closed, "E_TLS_RECORD", "net.tls.read", take_error());
}

Result<std::size_t> TlsSession::write(std::span<const ByteView> parts) {
    if (dead_) return fail(Errc::Closed, "E_NET_CLOSED", "net.tls.write");
    // One buffer per thread gathers the parts, so that they leave as one record.
    thread_local std::array<std::uint8_t, kRecord> gather;
    ByteView out;
    std::size_t size = 0;
    for (const ByteView& part : parts) {
        if (part.empty()) continue;
        if (size == 0 && part.size() >= kRecord) {
            out = part.first(kRecord);
            break;
        }
        const std::size_t take = std::min(part.size(), kRecord - size);
        std::memcpy(gather.data() + size, part.data(), take);
        size += take;
        out = ByteView(gather).first(size);
        if (size == kRecord) break;
    }
    if (out.empty()) return std::size_t{0};
    ERR_clear_error();
    std::size_t sent = 0;
    const int done = SSL_write_ex(ssl_.get(), out.data(), out.size(), &sent);
    if (done == 1) return sent;
    const int reason = SSL_get_error(ssl_.get(), done);
    if (reason == SSL_ERROR_WANT_WRITE || reason == SSL_ERROR_WANT_READ) return std::size_t{0};
    dead_ = true;
    return fail(Errc::Closed, "E_NET_CLOSED", "net.tls.write", take_error());
}

void TlsSession::shutdown() {
    if (dead_ || SSL_is_init_finished(ssl_.get()) != 1) return;
    dead_ = true;
    ERR_clear_error();
    (void)SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

}  // namespace lumoz::net

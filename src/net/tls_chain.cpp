// SPDX-License-Identifier: Apache-2.0
#include "net/tls_chain.hpp"

#include "base/hex.hpp"
#include "crypto/der.hpp"
#include "crypto/owned.hpp"
#include "net/tls_session.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <ctime>

namespace lumoz::net {
namespace {

using Certificate = crypto::Owned<X509, X509_free>;

std::unexpected<Error> refuse(std::string_view where, std::string detail) {
    ERR_clear_error();
    return fail(Errc::Refused, "E_TLS_CHAIN", where, std::move(detail));
}

Result<std::vector<Certificate>> read(std::string_view pem) {
    if (pem.size() > kMostChainBytes)
        return refuse("net.tls.chain.size", "over " + std::to_string(kMostChainBytes) + " bytes");
    const auto blocks = crypto::der::parse_pem(pem);
    if (!blocks) return refuse("net.tls.chain.pem", "not a text of PEM blocks only");
    if (blocks->empty() || blocks->size() > kMostChainCertificates)
        return refuse("net.tls.chain.size", std::to_string(blocks->size()) + " certificates, want 1 to " +
                                                std::to_string(kMostChainCertificates));
    std::vector<Certificate> out;
    for (const crypto::der::PemBlock& block : *blocks) {
        if (block.label != "CERTIFICATE")
            return refuse("net.tls.chain.pem", "holds a block that is no certificate");
        const unsigned char* at = block.der.data();
        Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(block.der.size())));
        if (!certificate || at != block.der.data() + block.der.size())
            return refuse("net.tls.chain.der", "certificate " + std::to_string(out.size() + 1));
        out.push_back(std::move(certificate));
    }
    return out;
}

Result<UnixTime> time_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return refuse("net.tls.chain.time", "a date cannot be read");
    return UnixTime{timegm(&parts)};
}

bool covers(X509* leaf, const std::string& name) {
    std::array<unsigned char, 16> raw{};
    if (inet_pton(AF_INET, name.c_str(), raw.data()) == 1) return X509_check_ip(leaf, raw.data(), 4, 0) == 1;
    if (inet_pton(AF_INET6, name.c_str(), raw.data()) == 1)
        return X509_check_ip(leaf, raw.data(), raw.size(), 0) == 1;
    // Clients read subjectAltName only (RFC 6125 6.4.4).
    return X509_check_host(leaf, name.data(), name.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
}

Status check_leaf(X509* leaf, const std::vector<std::string>& names) {
    if (X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0) != 1)
        return refuse("net.tls.chain.purpose", "the leaf is not for servers");
    for (const std::string& name : names)
        if (!covers(leaf, name)) return refuse("net.tls.chain.names", "the leaf does not cover " + name);
    return {};
}

Status check_order(const std::vector<Certificate>& chain) {
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
        X509* const subject = chain[i].get();
        X509* const issuer = chain[i + 1].get();
        const std::string which = "certificate " + std::to_string(i + 1) + " is not issued by the next one";
        if (X509_check_issued(issuer, subject) != X509_V_OK || X509_check_ca(issuer) == 0)
            return refuse("net.tls.chain.order", which);
        if (X509_verify(subject, X509_get0_pubkey(issuer)) != 1)
            return refuse("net.tls.chain.signature", which);
    }
    return {};
}

Status check_times(const std::vector<Certificate>& chain, UnixTime now, CertificateChain& out) {
    TimeWindow window;
    for (const Certificate& certificate : chain) {
        LUMOZ_TRY(const UnixTime from, time_of(X509_get0_notBefore(certificate.get())));
        LUMOZ_TRY(const UnixTime until, time_of(X509_get0_notAfter(certificate.get())));
        window.narrow(from, until);
    }
    if (now < window.begin) return refuse("net.tls.chain.time", "valid from " + to_rfc3339(window.begin));
    if (now >= window.end) return refuse("net.tls.chain.time", "valid until " + to_rfc3339(window.end));
    out.not_before = window.begin;
    out.not_after = window.end;
    return {};
}

}  // namespace

Result<CertificateChain> check_chain(std::string_view pem, std::span<const Digest256> keys,
                                     const std::vector<std::string>& names, UnixTime now) {
    LUMOZ_TRY(const std::vector<Certificate> chain, read(pem));
    CertificateChain out;
    const std::optional<Digest256> key = spki_of(chain.front().get());
    if (!key) return refuse("net.tls.chain.key", "the leaf has no key that can be read");
    out.spki_sha256 = *key;
    if (std::ranges::find(keys, out.spki_sha256) == keys.end())
        return refuse("net.tls.chain.key", "the leaf is for the key " + to_hex(out.spki_sha256.view()) +
                                               ", which is not of this life of the service");
    LUMOZ_CHECK_OK(check_leaf(chain.front().get(), names));
    LUMOZ_CHECK_OK(check_order(chain));
    LUMOZ_CHECK_OK(check_times(chain, now, out));
    ERR_clear_error();
    return out;
}

}  // namespace lumoz::net

// SPDX-License-Identifier: Apache-2.0
#include "collateral/service.hpp"

#include "crypto/sha2.hpp"
#include "evidence/pck.hpp"

namespace lumoz::collateral {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

std::unexpected<Error> failed(const std::string& target, std::string_view why) {
    return fail(Errc::Unavailable, "E_COLLATERAL_FETCH", "collateral.service",
                target.substr(0, target.find('?')) + ": " + std::string(why));
}

std::string_view meaning_of(int status) {
    switch (status) {
        case 404:
            return " (the service does not know this FMSPC or path)";
        case 410:
            return " (this evaluation number is no longer served)";
        case 429:
            return " (too many requests)";
        default:
            return status >= 300 && status < 400 ? " (a redirect, which is not followed)" : "";
    }
}

Result<std::string> chain_of(const net::Response& response, std::initializer_list<std::string_view> names,
                             const std::string& target) {
    for (const std::string_view name : names)
        if (response.head.headers.find(name)) return decode_chain_header(response.head.headers.get(name));
    return failed(target, "the issuer chain is missing in the answer's head");
}

/// Path and query of a URL of which `url` holds scheme and host.
std::string target_of(std::string_view text) {
    const std::size_t host = text.find("://");
    const std::size_t path = host == std::string_view::npos ? host : text.find('/', host + 3);
    return path == std::string_view::npos ? "/" : std::string(text.substr(path));
}

}  // namespace

Result<CollateralService> CollateralService::open(ServiceOptions options) {
    if (options.ca_file.empty()) options.ca_file = kSystemAuthorities;
    while (options.url.ends_with('/'))
        options.url.pop_back();
    LUMOZ_TRY(net::Url url, net::parse_url(options.url));
    net::BlockingOptions blocking;
    blocking.max_bytes = kMostBytes;
    blocking.total = options.total_timeout;
    blocking.client.connect_timeout = options.connect_timeout;
    blocking.client.head_timeout = options.total_timeout;
    blocking.client.read_timeout = options.total_timeout;
    // Issuer chains come in the head.
    constexpr std::size_t kHead = std::size_t{64} << 10;
    blocking.client.head.bytes = kHead;
    if (url.scheme == net::Url::Scheme::Https) {
        LUMOZ_TRY(net::TlsContext tls, net::TlsContext::client_with_ca(options.ca_file));
        blocking.client.tls = std::make_shared<const net::TlsContext>(std::move(tls));
    }
    return CollateralService(std::move(options), std::move(url), std::move(blocking));
}

Result<net::Response> CollateralService::get(const std::string& target) const {
    auto response = net::http_get(url_, target, {}, blocking_);
    if (!response) return failed(target, std::string(response.error().rule) + " " + response.error().detail);
    if (response->head.status != 200)
        return failed(target, "answered " + std::to_string(response->head.status) +
                                  std::string(meaning_of(response->head.status)));
    return response;
}

// A PCCS serves the root's list itself; Intel's service leaves it at the place that the root certificate
// names.
Result<std::string> CollateralService::root_crl(const std::string& issuer_chain,
                                                const verify::RootPins& roots) const {
    const std::string path(kRootCrlPath);
    const auto direct = net::http_get(url_, path, {}, blocking_);
    if (direct && direct->head.status == 200) return normalized_crl(direct->body);
    LUMOZ_TRY(const std::vector<Bytes> chain, evidence::split_certificates(issuer_chain));
    if (chain.empty()) return failed(path, "no root certificate to look up its list");
    LUMOZ_TRY(const evidence::Certificate root, evidence::Certificate::parse(chain.back()));
    // Whoever answers here must not choose where this machine calls next: only a trusted root does.
    if (!roots.accepts(crypto::sha256(root.spki())) ||
        !crypto::p256_verify(root.key, root.tbs(), root.signature))
        return fail(Errc::Refused, "E_CHAIN_ROOT_UNTRUSTED", "collateral.root_crl");
    const std::string place(root.crl_url());
    const std::string target = target_of(place);
    const auto origin =
        net::parse_url(place.substr(0, place.size() - (place.ends_with(target) ? target.size() : 0)));
    if (!origin || origin->scheme == net::Url::Scheme::Unix)
        return failed(path, "the root certificate names no URL");
    net::BlockingOptions blocking = blocking_;
    if (origin->scheme == net::Url::Scheme::Https && !blocking.client.tls) {
        LUMOZ_TRY(net::TlsContext tls, net::TlsContext::client_with_ca(options_.ca_file));
        blocking.client.tls = std::make_shared<const net::TlsContext>(std::move(tls));
    }
    const auto list = net::http_get(*origin, target, {}, blocking);
    if (!list) return failed(place, std::string(list.error().rule) + " " + list.error().detail);
    if (list->head.status != 200) return failed(place, "answered " + std::to_string(list->head.status));
    return normalized_crl(list->body);
}

Result<evidence::Collateral> CollateralService::fetch(const Platform& platform, const Edition& edition,
                                                      const verify::RootPins& roots) const {
    evidence::Collateral out;
    const std::string tcb_path = tcb_info_path(platform, edition);
    LUMOZ_TRY(const net::Response tcb, get(tcb_path));
    LUMOZ_TRY(SignedText tcb_text, cut_signed_text(as_text(tcb.body), "tcbInfo"));
    LUMOZ_TRY(out.tcb_info_issuer_chain,
              chain_of(tcb, {"TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain"}, tcb_path));
    out.tcb_info = std::move(tcb_text.text);
    out.tcb_info_signature = std::move(tcb_text.signature);
    const std::string qe_path = qe_identity_path(platform, edition);
    LUMOZ_TRY(const net::Response qe, get(qe_path));
    LUMOZ_TRY(SignedText qe_text, cut_signed_text(as_text(qe.body), "enclaveIdentity"));
    LUMOZ_TRY(out.qe_identity_issuer_chain, chain_of(qe, {"SGX-Enclave-Identity-Issuer-Chain"}, qe_path));
    out.qe_identity = std::move(qe_text.text);
    out.qe_identity_signature = std::move(qe_text.signature);
    const std::string crl_path = pck_crl_path(platform);
    LUMOZ_TRY(const net::Response crl, get(crl_path));
    LUMOZ_TRY(out.pck_crl, normalized_crl(crl.body));
    LUMOZ_TRY(out.pck_crl_issuer_chain, chain_of(crl, {"SGX-PCK-CRL-Issuer-Chain"}, crl_path));
    LUMOZ_TRY(out.root_ca_crl, root_crl(out.pck_crl_issuer_chain, roots));
    return out;
}

}  // namespace lumoz::collateral

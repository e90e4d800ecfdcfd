// SPDX-License-Identifier: Apache-2.0
#include "collateral/ca_chain.hpp"

#include "crypto/sha2.hpp"

namespace lumoz::collateral {
namespace {

constexpr std::string_view kRootName = "Intel SGX Root CA";

std::unexpected<Error> bad(std::string_view rule, std::string detail = {}) {
    return fail(Errc::Refused, rule, "collateral.ca_chain", std::move(detail));
}

Result<verify::Chain> read_chain(std::string_view pem, std::size_t count, verify::Memo& memo) {
    LUMOZ_TRY(const std::vector<Bytes> certificates, evidence::split_certificates(pem));
    if (certificates.size() != count)
        return bad("E_CHAIN_LENGTH",
                   std::to_string(certificates.size()) + " certificates, want " + std::to_string(count));
    verify::Chain chain;
    for (const Bytes& certificate : certificates) {
        LUMOZ_TRY(verify::CertPtr parsed, memo.certificate(certificate));
        chain.push_back(std::move(parsed));
    }
    return chain;
}

Status check_links(const verify::Chain& chain, const verify::RootPins& roots, verify::Memo& memo) {
    const evidence::Certificate& root = *chain.back();
    if (!roots.accepts(crypto::sha256(root.spki()))) return bad("E_CHAIN_ROOT_UNTRUSTED");
    if (root.common_name() != kRootName) return bad("E_CHAIN_NAME", "root");
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const evidence::Certificate& child = *chain[i];
        const evidence::Certificate& parent = *chain[std::min(i + 1, chain.size() - 1)];
        if (!equal(child.issuer(), parent.subject())) return bad("E_CHAIN_NAME", "issuer");
        if (!memo.verify(parent.key, child.digest(), child.signature)) return bad("E_CHAIN_SIGNATURE");
        if (!child.ca || !child.key_cert_sign) return bad("E_CERT_EXTENSION", "not an authority");
    }
    return {};
}

}  // namespace

Result<verify::Chain> check_root(std::string_view pem, const verify::RootPins& roots, verify::Memo& memo) {
    LUMOZ_TRY(verify::Chain chain, read_chain(pem, 1, memo));
    LUMOZ_CHECK_OK(check_links(chain, roots, memo));
    return chain;
}

Result<verify::Chain> check_ca_chain(std::string_view pem, PckCa ca, const verify::RootPins& roots,
                                     verify::Memo& memo) {
    LUMOZ_TRY(verify::Chain chain, read_chain(pem, 2, memo));
    LUMOZ_CHECK_OK(check_links(chain, roots, memo));
    if (chain.front()->common_name() != common_name(ca)) return bad("E_CHAIN_NAME", "another PCK CA");
    return chain;
}

}  // namespace lumoz::collateral

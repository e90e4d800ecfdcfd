// SPDX-License-Identifier: Apache-2.0
#include "verify/chain.hpp"

#include "evidence/platform.hpp"
#include "verify/vendor_signatures.hpp"

namespace lumoz::verify {

using evidence::Certificate;

namespace {

constexpr std::string_view kPckIntermediates[] = {evidence::kPlatformCaName, evidence::kProcessorCaName};
constexpr std::string_view kRootName = "Intel SGX Root CA";

std::unexpected<Error> bad(std::string_view rule, std::string_view where, std::string detail = {}) {
    return fail(Errc::Refused, rule, where, std::move(detail));
}

std::string place(std::size_t i) {
    return "certificate " + std::to_string(i);
}

Status check_order(const Chain& chain, const ChainProfile& profile) {
    if (chain.front()->common_name() == profile.leaf) return {};
    for (std::size_t i = 1; i < chain.size(); ++i)
        if (chain[i]->common_name() == profile.leaf)
            return bad("E_CHAIN_ORDER", "chain.order", "the leaf stands at " + std::to_string(i));
    return {};
}

Status check_names(const Chain& chain, const ChainProfile& profile) {
    const Certificate& root = *chain.back();
    if (root.common_name() != kRootName || !equal(root.issuer(), root.subject()))
        return bad("E_CHAIN_NAME", "chain.root_name");
    if (chain.front()->common_name() != profile.leaf) return bad("E_CHAIN_NAME", "chain.leaf_name");
    for (std::size_t i = 1; i + 1 < chain.size(); ++i)
        if (std::ranges::find(profile.intermediates, chain[i]->common_name()) == profile.intermediates.end())
            return bad("E_CHAIN_NAME", "chain.intermediate_name");
    return {};
}

Status check_links(const Chain& chain, Memo& memo) {
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const Certificate& child = *chain[i];
        const Certificate& parent = *chain[std::min(i + 1, chain.size() - 1)];
        if (!equal(child.issuer(), parent.subject())) return bad("E_CHAIN_NAME", "chain.issuer", place(i));
        if (!memo.verify(parent.key, child.digest(), child.signature))
            return bad("E_CHAIN_SIGNATURE", "chain.signature", place(i));
        if (i > 0 && (!child.ca || !child.key_cert_sign))
            return bad("E_CERT_EXTENSION", "chain.ca", place(i));
    }
    const Certificate& leaf = *chain.front();
    if (leaf.ca || !leaf.digital_signature) return bad("E_CERT_EXTENSION", "chain.leaf_usage");
    return {};
}

}  // namespace

const ChainProfile kPckChain{3, "Intel SGX PCK Certificate", kPckIntermediates};
const ChainProfile kTcbSigningChain{2, "Intel SGX TCB Signing", {}};

bool Memo::knows(const crypto::P256Public& key, const Digest256& digest,
                 const crypto::P256Signature& signature) const {
    for (const Known& k : signatures_)
        if (k.digest == digest && k.key == key && k.signature == signature) return true;
    return below_ != nullptr && below_->knows(key, digest, signature);
}

bool Memo::verify(const crypto::P256Public& key, const Digest256& digest,
                  const crypto::P256Signature& signature) {
    if (knows(key, digest, signature) || is_vendor_signature(key, digest, signature)) return true;
    if (!crypto::p256_verify_digest(key, digest, signature)) return false;
    signatures_.push_back({key, digest, signature});
    return true;
}

CertPtr Memo::find(ByteView der) const {
    for (const CertPtr& known : certificates_)
        if (equal(known->der(), der)) return known;
    return below_ == nullptr ? nullptr : below_->find(der);
}

Result<CertPtr> Memo::certificate(ByteView der) {
    if (CertPtr known = find(der)) return known;
    LUMOZ_TRY(Certificate parsed, Certificate::parse(der));
    certificates_.push_back(std::make_shared<const Certificate>(std::move(parsed)));
    return certificates_.back();
}

Result<Chain> check_chain(std::span<const Bytes> certificates, const ChainProfile& profile,
                          const RootPins& roots, Memo& memo) {
    if (certificates.size() != profile.count)
        return bad(
            "E_CHAIN_LENGTH", "chain.length",
            std::to_string(certificates.size()) + " certificates, want " + std::to_string(profile.count));
    Chain chain;
    chain.reserve(certificates.size());
    for (const Bytes& der : certificates) {
        LUMOZ_TRY(CertPtr certificate, memo.certificate(der));
        chain.push_back(std::move(certificate));
    }
    LUMOZ_CHECK_OK(check_order(chain, profile));
    if (!roots.accepts(chain.back()->spki_digest())) return bad("E_CHAIN_ROOT_UNTRUSTED", "chain.root_pin");
    LUMOZ_CHECK_OK(check_names(chain, profile));
    LUMOZ_CHECK_OK(check_links(chain, memo));
    return chain;
}

Status check_chain_dates(const Chain& chain, UnixTime now) {
    for (std::size_t i = 0; i < chain.size(); ++i) {
        if (now < chain[i]->not_before)
            return bad("E_CERT_NOT_YET_VALID", "chain.not_before",
                       place(i) + ": " + to_rfc3339(chain[i]->not_before));
        if (now > chain[i]->not_after)
            return bad("E_CERT_EXPIRED", "chain.not_after",
                       place(i) + ": " + to_rfc3339(chain[i]->not_after));
    }
    return {};
}

Status check_crl(const evidence::Crl& crl, const Certificate& issuer, Memo& memo) {
    if (!equal(crl.issuer(), issuer.subject())) return bad("E_CRL_ISSUER", "crl.issuer_name");
    if (!crl.has_number()) return bad("E_CRL_PARSE", "crl.number");
    if (crl.authority_key_id().empty()) return bad("E_CRL_PARSE", "crl.authority_key_id");
    if (!equal(crl.authority_key_id(), issuer.subject_key_id())) return bad("E_CRL_ISSUER", "crl.issuer_key");
    if (!memo.verify(issuer.key, crl.digest(), crl.signature)) return bad("E_CRL_SIGNATURE", "crl.signature");
    return {};
}

Status check_crl_dates(const evidence::Crl& crl, UnixTime now) {
    if (now < crl.this_update)
        return bad("E_CRL_NOT_YET_VALID", "crl.this_update", to_rfc3339(crl.this_update));
    if (!crl.next_update) return bad("E_CRL_EXPIRED", "crl.next_update", "missing");
    if (now > *crl.next_update) return bad("E_CRL_EXPIRED", "crl.next_update", to_rfc3339(*crl.next_update));
    return {};
}

Status check_not_revoked(const evidence::Crl& crl, const Certificate& certificate, std::string_view where) {
    if (crl.lists(certificate.serial())) return bad("E_CERT_REVOKED", where);
    return {};
}

}  // namespace lumoz::verify

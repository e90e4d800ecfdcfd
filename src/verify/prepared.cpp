// SPDX-License-Identifier: Apache-2.0
#include "verify/prepared.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"

namespace lumoz::verify {

namespace {

Result<evidence::Crl> read_crl(std::string_view text) {
    LUMOZ_TRY(const Bytes der, evidence::decode_crl(text));
    return evidence::Crl::parse(der);
}

Result<Chain> read_signing_chain(const std::string& pem, const RootPins& roots, Memo& memo) {
    LUMOZ_TRY(const std::vector<Bytes> certificates, evidence::split_certificates(pem));
    return check_chain(certificates, kTcbSigningChain, roots, memo);
}

template <class Document>
SignedDocument<Document> read_document(Result<Chain> chain, const std::string& text,
                                       const std::string& signature, std::string_view rule,
                                       std::string_view where, Memo& memo) {
    SignedDocument<Document> out;
    out.chain = std::move(chain);
    if (!out.chain) return out;
    const auto raw = fixed_from_hex<crypto::P256Signature>(signature);
    if (!raw) {
        out.signature = fail(Errc::Refused, rule, where, "not 128 hex digits");
    } else if (!memo.verify(out.chain->front()->key, crypto::sha256(as_bytes(text)), *raw)) {
        out.signature = fail(Errc::Refused, rule, where);
    }
    // Nothing unsigned is interpreted.
    if (out.signature) out.document = Document::parse(text);
    return out;
}

constexpr std::string_view kBlock = "-----BEGIN CERTIFICATE-----";

/// Without what may stand behind the last block: final NULs, and line ends before them.
std::string_view without_end(std::string_view pem) {
    while (pem.ends_with('\0'))
        pem.remove_suffix(1);
    while (pem.ends_with('\n') || pem.ends_with('\r'))
        pem.remove_suffix(1);
    return pem;
}

/// Offset of the second block, where it begins on a line of its own; 0 when it does not.
std::size_t second_block(std::string_view pem) {
    const std::size_t at = pem.find(kBlock, 1);
    const bool found = at != std::string_view::npos && (pem[at - 1] == '\n' || pem[at - 1] == '\r');
    return found ? at : 0;
}

/// Computes what every quote of this platform family asks for. What fails is not remembered.
void warm(PreparedState& state, std::string_view pck_chain) {
    constexpr std::size_t kIssuers = 2;
    auto certificates = evidence::split_certificates(pck_chain);
    if (!certificates || certificates->size() < kIssuers || certificates->size() > kPckChain.count) return;
    WarmChain& out = state.warm;
    out.text = pck_chain;
    out.certificates = std::move(*certificates);
    Memo& memo = state.memo;
    if (out.certificates.size() == kPckChain.count) {
        auto chain = check_chain(out.certificates, kPckChain, state.roots, memo);
        if (!chain) return;
        out.chain = std::move(*chain);
        out.pck = evidence::parse_pck_extension(*out.chain.front());
    }
    const auto ca = memo.certificate(out.certificates[out.certificates.size() - kIssuers]);
    const auto root = memo.certificate(out.certificates.back());
    if (!ca || !root) return;
    (void)memo.verify((*root)->key, (*ca)->digest(), (*ca)->signature);
    (void)memo.verify((*root)->key, (*root)->digest(), (*root)->signature);
    if (state.root_crl) (void)check_crl(*state.root_crl, **root, memo);
    if (state.pck_crl) (void)check_crl(*state.pck_crl, **ca, memo);
}

void set_window(PreparedState& state) {
    const auto& tcb = state.tcb_info;
    const auto& qe = state.qe_identity;
    if (!state.root_crl || !state.pck_crl || !tcb.chain || !tcb.signature || !tcb.document || !qe.chain ||
        !qe.signature || !qe.document)
        return;
    TimeWindow window;
    for (const Chain* chain : {&*tcb.chain, &*qe.chain})
        for (const CertPtr& certificate : *chain)
            window.narrow(certificate->not_before, certificate->not_after);
    for (const evidence::Crl* crl : {&*state.root_crl, &*state.pck_crl})
        window.narrow(crl->this_update, crl->next_update.value_or(crl->this_update - 1));
    window.narrow(tcb.document->issue_date, tcb.document->next_update);
    window.narrow(qe.document->issue_date, qe.document->next_update);
    state.not_before = window.begin;
    state.not_after = window.end;
}

}  // namespace

Result<std::vector<Bytes>> WarmChain::split(std::string_view pem) const {
    if (!pem.empty() && pem == text) return certificates;
    // The same issuers behind another leaf. A first block that ends a line can be read on its own.
    const std::size_t here = second_block(pem);
    const std::size_t known = certificates.size() == 3 ? second_block(text) : 0;
    const bool known_issuers = certificates.size() == 2 || known != 0;
    if (here == 0 || !known_issuers || without_end(pem.substr(here)) != without_end(text.substr(known)))
        return evidence::split_certificates(pem);
    LUMOZ_TRY(std::vector<Bytes> out, evidence::split_certificates(pem.substr(0, here)));
    out.insert(out.end(), certificates.end() - 2, certificates.end());
    return out;
}

std::shared_ptr<const PreparedState> prepare_state(const evidence::Collateral& collateral,
                                                   const RootPins& roots, std::string_view pck_chain) {
    Memo memo;
    const std::string& tcb_pem = collateral.tcb_info_issuer_chain;
    const std::string& qe_pem = collateral.qe_identity_issuer_chain;
    auto tcb = read_document<evidence::TcbInfo>(read_signing_chain(tcb_pem, roots, memo), collateral.tcb_info,
                                                collateral.tcb_info_signature, "E_TCBINFO_SIGNATURE",
                                                "tcb_info.signature", memo);
    // Usually one signer, in the same words.
    auto qe = read_document<evidence::QeIdentity>(
        qe_pem == tcb_pem ? tcb.chain : read_signing_chain(qe_pem, roots, memo), collateral.qe_identity,
        collateral.qe_identity_signature, "E_QEID_SIGNATURE", "qe_identity.signature", memo);
    PreparedState state{.roots = roots,
                        .memo = std::move(memo),
                        .pck_certificate_chain = collateral.pck_certificate_chain,
                        .warm = {},
                        .root_crl = read_crl(collateral.root_ca_crl),
                        .pck_crl = read_crl(collateral.pck_crl),
                        .tcb_info = std::move(tcb),
                        .qe_identity = std::move(qe)};
    warm(state, pck_chain);
    set_window(state);
    return std::make_shared<const PreparedState>(std::move(state));
}

PreparedCollateral PreparedCollateral::prepare(const evidence::Collateral& collateral,
                                               const RootPins& roots) {
    return PreparedCollateral(prepare_state(collateral, roots, collateral.pck_crl_issuer_chain));
}

PreparedCollateral PreparedCollateral::prepare_for(ByteView quote, const evidence::Collateral& collateral,
                                                   const RootPins& roots) {
    const auto parsed = evidence::Quote::parse(quote);
    return PreparedCollateral(
        prepare_state(collateral, roots, parsed ? pck_chain_text(*parsed, collateral) : ""));
}

std::string_view pck_chain_text(const evidence::Quote& quote, const evidence::Collateral& collateral) {
    const bool own = quote.cert_type() == evidence::kCertTypePckChain;
    return own ? as_text(quote.cert_data()) : std::string_view(collateral.pck_certificate_chain);
}

UnixTime PreparedCollateral::not_before() const {
    return state_->not_before;
}

UnixTime PreparedCollateral::not_after() const {
    return state_->not_after;
}

}  // namespace lumoz::verify

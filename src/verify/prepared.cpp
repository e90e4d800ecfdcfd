// SPDX-License-Identifier: Apache-2.0
#include "verify/prepared.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"

#include <limits>

namespace lumoz::verify {

namespace {

Result<evidence::Crl> read_crl(std::string_view text) {
    LUMOZ_TRY(const Bytes der, evidence::decode_crl(text));
    return evidence::Crl::parse(der);
}

template <class Document>
SignedDocument<Document> read_document(const std::string& chain, const std::string& text,
                                       const std::string& signature, std::string_view rule,
                                       std::string_view where, const RootPins& roots, Memo& memo) {
    SignedDocument<Document> out;
    auto certificates = evidence::split_certificates(chain);
    if (!certificates) {
        out.chain = std::unexpected(certificates.error());
        return out;
    }
    out.chain = check_chain(*certificates, kTcbSigningChain, roots, memo);
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

/// Computes the signatures that every quote of this platform family asks for. What fails is not remembered.
void warm(PreparedState& state, std::string_view pck_chain) {
    auto certificates = evidence::split_certificates(pck_chain);
    if (!certificates || certificates->size() < 2 || certificates->size() > 3) return;
    state.warmed_text = pck_chain;
    state.warmed_certificates = std::move(*certificates);
    Memo& memo = state.memo;
    Chain chain;
    for (const Bytes& der : state.warmed_certificates) {
        auto parsed = memo.certificate(der);
        if (!parsed) return;
        chain.push_back(std::move(*parsed));
    }
    const evidence::Certificate& root = *chain.back();
    const evidence::Certificate& ca = *chain[chain.size() - 2];
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const CertPtr& parent = chain[std::min(i + 1, chain.size() - 1)];
        (void)memo.verify(parent->key, chain[i]->digest(), chain[i]->signature);
    }
    if (state.root_crl) (void)check_crl(*state.root_crl, root, memo);
    if (state.pck_crl) (void)check_crl(*state.pck_crl, ca, memo);
}

struct Window {
    UnixTime begin = std::numeric_limits<UnixTime>::min();
    UnixTime end = std::numeric_limits<UnixTime>::max();
    void narrow(UnixTime from, UnixTime to) {
        begin = std::max(begin, from);
        end = std::min(end, to);
    }
};

void set_window(PreparedState& state) {
    const auto& tcb = state.tcb_info;
    const auto& qe = state.qe_identity;
    if (!state.root_crl || !state.pck_crl || !tcb.chain || !tcb.signature || !tcb.document || !qe.chain ||
        !qe.signature || !qe.document)
        return;
    Window window;
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

std::shared_ptr<const PreparedState> prepare_state(const evidence::Collateral& collateral,
                                                   const RootPins& roots, std::string_view pck_chain) {
    Memo memo;
    auto tcb = read_document<evidence::TcbInfo>(collateral.tcb_info_issuer_chain, collateral.tcb_info,
                                                collateral.tcb_info_signature, "E_TCBINFO_SIGNATURE",
                                                "tcb_info.signature", roots, memo);
    auto qe = read_document<evidence::QeIdentity>(collateral.qe_identity_issuer_chain, collateral.qe_identity,
                                                  collateral.qe_identity_signature, "E_QEID_SIGNATURE",
                                                  "qe_identity.signature", roots, memo);
    PreparedState state{.roots = roots,
                        .memo = std::move(memo),
                        .pck_certificate_chain = collateral.pck_certificate_chain,
                        .warmed_text = {},
                        .warmed_certificates = {},
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

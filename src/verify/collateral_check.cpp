// SPDX-License-Identifier: Apache-2.0
#include "verify/collateral_check.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "verify/prepared.hpp"

namespace lumoz::verify {
namespace {

std::unexpected<Error> bad(std::string_view rule, std::string_view where, std::string detail = {}) {
    return fail(Errc::Refused, rule, where, std::move(detail));
}

Status check_dates(UnixTime issued, UnixTime next, UnixTime now, std::string_view early,
                   std::string_view late, std::string_view where) {
    if (now < issued) return bad(early, where, "issued " + to_rfc3339(issued));
    if (now > next) return bad(late, where, "next update " + to_rfc3339(next));
    return {};
}

/// The CA of the PCK CRL and the root, from the chain that came with the CRL.
Result<Chain> crl_issuers(const evidence::Collateral& collateral, const RootPins& roots, Memo& memo,
                          UnixTime now) {
    LUMOZ_TRY(const std::vector<Bytes> certificates,
              evidence::split_certificates(collateral.pck_crl_issuer_chain));
    LUMOZ_TRY(Chain chain, check_issuer_chain(certificates, roots, memo));
    LUMOZ_CHECK_OK(check_chain_dates(chain, now));
    return chain;
}

template <class Document>
Status check_document(const SignedDocument<Document>& part, const evidence::Crl& root_crl, UnixTime now) {
    if (!part.chain) return std::unexpected(part.chain.error());
    LUMOZ_CHECK_OK(check_chain_dates(*part.chain, now));
    LUMOZ_CHECK_OK(check_not_revoked(root_crl, *part.chain->front(), "collateral.signer.revoked"));
    LUMOZ_CHECK_OK(part.signature);
    if (!part.document) return std::unexpected(part.document.error());
    return {};
}

}  // namespace

Result<CheckedCollateral> check_collateral(const evidence::Collateral& collateral, const RootPins& roots,
                                           UnixTime now) {
    const auto state = prepare_state(collateral, roots, "");
    Memo memo(&state->memo);
    LUMOZ_TRY(const Chain issuers, crl_issuers(collateral, roots, memo, now));
    if (!state->root_crl) return std::unexpected(state->root_crl.error());
    LUMOZ_CHECK_OK(check_crl(*state->root_crl, *issuers[1], memo));
    LUMOZ_CHECK_OK(check_crl_dates(*state->root_crl, now));
    LUMOZ_CHECK_OK(check_not_revoked(*state->root_crl, *issuers[0], "collateral.pck_ca.revoked"));
    if (!state->pck_crl) return std::unexpected(state->pck_crl.error());
    LUMOZ_CHECK_OK(check_crl(*state->pck_crl, *issuers[0], memo));
    LUMOZ_CHECK_OK(check_crl_dates(*state->pck_crl, now));
    LUMOZ_CHECK_OK(check_document(state->tcb_info, *state->root_crl, now));
    LUMOZ_CHECK_OK(check_document(state->qe_identity, *state->root_crl, now));
    const evidence::TcbInfo& tcb = *state->tcb_info.document;
    const evidence::QeIdentity& qe = *state->qe_identity.document;
    LUMOZ_CHECK_OK(check_dates(tcb.issue_date, tcb.next_update, now, "E_TCBINFO_NOT_YET_VALID",
                               "E_TCBINFO_EXPIRED", "collateral.tcb_info.dates"));
    LUMOZ_CHECK_OK(check_dates(qe.issue_date, qe.next_update, now, "E_QEID_NOT_YET_VALID", "E_QEID_EXPIRED",
                               "collateral.qe_identity.dates"));
    if (qe.id != (tcb.tdx ? evidence::EnclaveId::TdQe : evidence::EnclaveId::Qe))
        return bad("E_QEID_MISMATCH", "collateral.qe_identity.id");
    CheckedCollateral out{.tdx = tcb.tdx,
                          .fmspc = to_hex(tcb.fmspc.view()),
                          .not_before = state->not_before,
                          .not_after = state->not_after,
                          .tcb_eval = std::min(tcb.evaluation_number, qe.evaluation_number),
                          .tcb_issued = tcb.issue_date};
    for (const CertPtr& certificate : issuers) {
        out.not_before = std::max(out.not_before, certificate->not_before);
        out.not_after = std::min(out.not_after, certificate->not_after);
    }
    return out;
}

}  // namespace lumoz::verify

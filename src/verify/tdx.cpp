// SPDX-License-Identifier: Apache-2.0
// The steps of specification tdx.md 5, one function each, in a table that is run from top to bottom.
#include "verify/tdx.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "verify/appraisal.hpp"
#include "verify/prepared.hpp"

namespace lumoz::verify {

using evidence::Quote;

namespace {

std::unexpected<Error> bad(std::string_view rule, std::string_view where, std::string detail = {}) {
    return fail(Errc::Refused, rule, where, std::move(detail));
}

std::uint16_t le16(ByteView raw) {
    return static_cast<std::uint16_t>(raw[0] | (raw[1] << 8));
}

bool equal_under_mask(ByteView have, ByteView want, ByteView mask) {
    for (std::size_t i = 0; i < have.size(); ++i)
        if ((have[i] & mask[i]) != (want[i] & mask[i])) return false;
    return true;
}

Status check_document_dates(UnixTime issued, UnixTime next, UnixTime now, std::string_view early,
                            std::string_view late, std::string_view where) {
    if (now < issued) return bad(early, where, "issued " + to_rfc3339(issued));
    if (now > next) return bad(late, where, "next update " + to_rfc3339(next));
    return {};
}

}  // namespace

class TdxVerification {
public:
    using State = PreparedState;

    TdxVerification(Result<Quote> quote, std::shared_ptr<const State> state, UnixTime now)
        : quote_(std::move(quote)),
          state_(std::move(state)),
          now_(now),
          memo_(state_ ? &state_->memo : nullptr) {}

    static std::shared_ptr<const State> state_of(const PreparedCollateral& collateral) {
        return collateral.state_;
    }

    TdxVerdict run();

private:
    struct Step {
        std::string_view id;
        std::string_view what;
        Status (TdxVerification::*check)();
        bool tdx_only = false;
    };
    static const Step kSteps[];

    [[nodiscard]] std::string_view pck_text() const;
    [[nodiscard]] std::vector<Bytes> with_leaf(std::vector<Bytes> chain) const;

    Status parse();
    Status trailing() { return quote_->check_trailing(); }
    Status pck_chain_present();
    Status pck_chain();
    Status root_crl();
    Status pck_crl();
    Status tcb_chain();
    Status tcb_signer_revoked();
    Status tcb_signature() { return state_->tcb_info.signature; }
    Status tcb_document();
    Status tcb_dates();
    Status qe_identity_document();
    Status pck_extension();
    Status cert_data();
    Status tcb_match();
    Status qe_identity_match();
    Status module();
    Status qe_report_signature();
    Status qe_report_data();
    Status qe_identity();
    Status attestation_key();
    Status quote_signature();
    Status appraisal();
    Status not_revoked();

    [[nodiscard]] const Chain& chain() const { return *chain_; }
    [[nodiscard]] const evidence::TcbInfo& tcb() const { return *state_->tcb_info.document; }
    [[nodiscard]] const evidence::QeIdentity& qe() const { return *state_->qe_identity.document; }
    [[nodiscard]] crypto::P256Public attestation_public() const {
        return fixed_prefix<crypto::P256Public>(quote_->attestation_key());
    }
    [[nodiscard]] std::optional<TeeTcbSvn> tcb_svn(std::string_view field) const;

    Result<Quote> quote_;
    std::shared_ptr<const State> state_;
    UnixTime now_;
    Memo memo_;
    Chain own_chain_;
    const Chain* chain_ = nullptr;  ///< own_chain_ or the prepared one; set only when its root was accepted
    evidence::PckExtension pck_;
    TdxResult result_;
};

const TdxVerification::Step TdxVerification::kSteps[] = {
    {"tdx.1", "the quote can be read", &TdxVerification::parse},
    {"tdx.2", "behind the quote are only zeros", &TdxVerification::trailing},
    {"tdx.3", "there is a PCK certificate chain", &TdxVerification::pck_chain_present},
    {"tdx.4", "the PCK chain leads to the pinned root", &TdxVerification::pck_chain},
    {"tdx.5", "the root's revocation list holds and the CA is not on it", &TdxVerification::root_crl},
    {"tdx.6", "the CA's revocation list holds and the platform is not on it", &TdxVerification::pck_crl},
    {"tdx.7", "the chain of the TCB info leads to the pinned root", &TdxVerification::tcb_chain},
    {"tdx.8", "the signer of the TCB info is not revoked", &TdxVerification::tcb_signer_revoked},
    {"tdx.9", "the TCB info is signed", &TdxVerification::tcb_signature},
    {"tdx.10", "the TCB info can be read", &TdxVerification::tcb_document},
    {"tdx.11", "the TCB info is in date", &TdxVerification::tcb_dates},
    {"tdx.12", "the QE identity is signed, readable and in date", &TdxVerification::qe_identity_document},
    {"tdx.13", "the PCK certificate names its platform", &TdxVerification::pck_extension},
    {"tdx.14", "certification data and certificate agree", &TdxVerification::cert_data},
    {"tdx.15", "the TCB info is of this platform family", &TdxVerification::tcb_match},
    {"tdx.16", "the QE identity is of this kind of TEE", &TdxVerification::qe_identity_match},
    {"tdx.17", "the TDX module is Intel's", &TdxVerification::module, true},
    {"tdx.18", "the platform signed the QE report", &TdxVerification::qe_report_signature},
    {"tdx.19", "the QE report binds the attestation key", &TdxVerification::qe_report_data},
    {"tdx.20", "the QE is the one that Intel vouches for", &TdxVerification::qe_identity},
    {"tdx.21", "the attestation key is a point on P-256", &TdxVerification::attestation_key},
    {"tdx.22", "the attestation key signed the quote", &TdxVerification::quote_signature},
    {"tdx.23", "platform, module and QE have a TCB level", &TdxVerification::appraisal},
    {"tdx.24", "the TCB is not revoked", &TdxVerification::not_revoked},
};

TdxVerdict TdxVerification::run() {
    TdxVerdict out;
    constexpr std::size_t kFacts = 32;
    out.verdict.reserve(std::size(kSteps), kFacts);
    bool stopped = false;
    for (const Step& step : kSteps) {
        if (step.tdx_only && quote_ && !quote_->is_tdx()) continue;
        if (stopped) {
            out.verdict.not_reached(step.id, step.what);
        } else {
            stopped = !out.verdict.check(step.id, step.what, (this->*step.check)());
        }
    }
    out.verdict.not_checked("N_REVOCATION_DATE", "revocation after " + to_rfc3339(now_));
    if (chain_ != nullptr) {
        const Digest256& root = chain().back()->spki_digest();
        out.verdict.establish_text("root_spki_sha256", to_hex(root.view()));
        out.verdict.set_simulated(!RootPins::is_embedded(root));
    }
    if (stopped) return out;
    VerifiedTdx verified(std::move(*quote_), std::move(result_), chain().back()->spki_digest());
    establish(out.verdict, verified.quote());
    establish(out.verdict, verified.result());
    out.tdx = std::move(verified);
    return out;
}

Status TdxVerification::parse() {
    if (!quote_) return std::unexpected(quote_.error());
    return {};
}

std::string_view TdxVerification::pck_text() const {
    const bool own = quote_->cert_type() == evidence::kCertTypePckChain;
    return own ? as_text(quote_->cert_data()) : std::string_view(state_->pck_certificate_chain);
}

std::vector<Bytes> TdxVerification::with_leaf(std::vector<Bytes> chain) const {
    constexpr std::uint16_t kLeafOnly = 4;
    // Where the collateral has the issuers only, the leaf is the quote's.
    if (quote_->cert_type() == kLeafOnly && chain.size() == 2)
        chain.insert(chain.begin(), to_bytes(quote_->cert_data()));
    return chain;
}

Status TdxVerification::pck_chain_present() {
    if (quote_->cert_type() == evidence::kCertTypePckChain) return {};
    if (state_->pck_certificate_chain.empty()) return bad("E_PCK_CHAIN_MISSING", "tdx.pck_chain");
    return {};
}

Status TdxVerification::pck_chain() {
    const WarmChain& warm = state_->warm;
    if (!warm.chain.empty() && pck_text() == warm.text) {
        chain_ = &warm.chain;
    } else {
        LUMOZ_TRY(std::vector<Bytes> certificates, warm.split(pck_text()));
        LUMOZ_TRY(own_chain_,
                  check_chain(with_leaf(std::move(certificates)), kPckChain, state_->roots, memo_));
        chain_ = &own_chain_;
    }
    return check_chain_dates(chain(), now_);
}

Status TdxVerification::root_crl() {
    if (!state_->root_crl) return std::unexpected(state_->root_crl.error());
    LUMOZ_CHECK_OK(check_crl(*state_->root_crl, *chain()[2], memo_));
    LUMOZ_CHECK_OK(check_crl_dates(*state_->root_crl, now_));
    return check_not_revoked(*state_->root_crl, *chain()[1], "tdx.pck_ca.revoked");
}

Status TdxVerification::pck_crl() {
    if (!state_->pck_crl) return std::unexpected(state_->pck_crl.error());
    LUMOZ_CHECK_OK(check_crl(*state_->pck_crl, *chain()[1], memo_));
    LUMOZ_CHECK_OK(check_crl_dates(*state_->pck_crl, now_));
    return check_not_revoked(*state_->pck_crl, *chain()[0], "tdx.pck.revoked");
}

Status TdxVerification::tcb_chain() {
    if (!state_->tcb_info.chain) return std::unexpected(state_->tcb_info.chain.error());
    return check_chain_dates(*state_->tcb_info.chain, now_);
}

Status TdxVerification::tcb_signer_revoked() {
    return check_not_revoked(*state_->root_crl, *state_->tcb_info.chain->front(), "tdx.tcb_signer.revoked");
}

Status TdxVerification::tcb_document() {
    if (!state_->tcb_info.document) return std::unexpected(state_->tcb_info.document.error());
    return {};
}

Status TdxVerification::tcb_dates() {
    return check_document_dates(tcb().issue_date, tcb().next_update, now_, "E_TCBINFO_NOT_YET_VALID",
                                "E_TCBINFO_EXPIRED", "tcb_info.dates");
}

Status TdxVerification::qe_identity_document() {
    const auto& part = state_->qe_identity;
    if (!part.chain) return std::unexpected(part.chain.error());
    LUMOZ_CHECK_OK(check_chain_dates(*part.chain, now_));
    LUMOZ_CHECK_OK(check_not_revoked(*state_->root_crl, *part.chain->front(), "tdx.qe_signer.revoked"));
    LUMOZ_CHECK_OK(part.signature);
    if (!part.document) return std::unexpected(part.document.error());
    return check_document_dates(qe().issue_date, qe().next_update, now_, "E_QEID_NOT_YET_VALID",
                                "E_QEID_EXPIRED", "qe_identity.dates");
}

Status TdxVerification::pck_extension() {
    if (chain_ == &state_->warm.chain) {
        LUMOZ_TRY(pck_, state_->warm.pck);
        return {};
    }
    LUMOZ_TRY(pck_, evidence::parse_pck_extension(*chain()[0]));
    return {};
}

Status TdxVerification::cert_data() {
    const std::uint16_t type = quote_->cert_type();
    const ByteView data = quote_->cert_data();
    if (type == evidence::kCertTypePckChain) return {};
    if (type == 4) {
        if (!equal(data, chain()[0]->der())) return bad("E_PCK_MISMATCH", "tdx.cert_data.leaf");
        return {};
    }
    constexpr std::size_t kIdSizes[] = {0, 16, 256, 384};
    constexpr std::size_t kTail = 20, kTailWithoutPceId = 18;
    const std::size_t id = kIdSizes[type];
    const bool without_pceid = type == 1 && data.size() == id + kTailWithoutPceId;
    if (data.size() != id + kTail && !without_pceid)
        return bad("E_QUOTE_CERT_TYPE", "tdx.cert_data.length", std::to_string(data.size()) + " bytes");
    if (type == 1 && !equal(data.first(id), pck_.ppid.view()))
        return bad("E_PCK_MISMATCH", "tdx.cert_data.ppid");
    if (!equal(data.subspan(id, 16), pck_.cpusvn.view()))
        return bad("E_PCK_MISMATCH", "tdx.cert_data.cpusvn");
    if (le16(data.subspan(id + 16)) != pck_.pcesvn) return bad("E_PCK_MISMATCH", "tdx.cert_data.pcesvn");
    if (without_pceid) return {};
    // Here PCEID is an integer in memory order; the certificate has the same two bytes.
    if (!equal(data.subspan(id + 18, 2), pck_.pceid.view()))
        return bad("E_PCK_MISMATCH", "tdx.cert_data.pceid");
    return {};
}

Status TdxVerification::tcb_match() {
    if (tcb().tdx != quote_->is_tdx()) return bad("E_TCBINFO_MISMATCH", "tdx.tcb_info.id");
    if (tcb().fmspc != pck_.fmspc) return bad("E_TCBINFO_MISMATCH", "tdx.tcb_info.fmspc");
    if (tcb().pceid != pck_.pceid) return bad("E_TCBINFO_MISMATCH", "tdx.tcb_info.pceid");
    return {};
}

Status TdxVerification::qe_identity_match() {
    const auto want = quote_->is_tdx() ? evidence::EnclaveId::TdQe : evidence::EnclaveId::Qe;
    if (qe().id != want) return bad("E_QEID_MISMATCH", "tdx.qe_identity.id");
    return {};
}

std::optional<TeeTcbSvn> TdxVerification::tcb_svn(std::string_view field) const {
    const auto raw = quote_->field(field);
    if (!raw) return std::nullopt;
    TeeTcbSvn out{};
    std::ranges::copy(*raw, out.begin());
    return out;
}

Status TdxVerification::module() {
    const TeeTcbSvn svn = *tcb_svn("tee_tcb_svn");
    const evidence::TdxModule* module = &*tcb().module;
    if (svn[1] != 0) {
        LUMOZ_TRY(const evidence::TdxModuleIdentity* const identity, module_identity(tcb(), svn[1]));
        module = &identity->module;
    }
    if (!equal(*quote_->field("mr_signer_seam"), module->mr_signer.view()))
        return bad("E_TDX_MODULE_MISMATCH", "tdx.module.mr_signer_seam");
    const ByteView have = *quote_->field("seam_attributes");
    for (std::size_t i = 0; i < have.size(); ++i) {
        const std::uint8_t mask = module->mask.bytes[i];
        if ((have[i] & mask) != (module->attributes.bytes[i] & mask) || (have[i] & ~mask) != 0)
            return bad("E_TDX_MODULE_MISMATCH", "tdx.module.seam_attributes");
    }
    return {};
}

Status TdxVerification::qe_report_signature() {
    if (!crypto::p256_verify(chain()[0]->key, quote_->qe_report(),
                             fixed_prefix<crypto::P256Signature>(quote_->qe_report_signature())))
        return bad("E_QE_REPORT_SIGNATURE", "tdx.qe_report.signature");
    return {};
}

Status TdxVerification::qe_report_data() {
    Bytes bound = to_bytes(quote_->attestation_key());
    append(bound, quote_->qe_auth());
    ReportData want;
    std::ranges::copy(crypto::sha256(bound).bytes, want.bytes.begin());
    if (!equal(quote_->qe_field("report_data"), want.view()))
        return bad("E_QE_REPORT_DATA", "tdx.qe_report.data");
    return {};
}

Status TdxVerification::qe_identity() {
    constexpr std::uint8_t kDebug = 0x02;
    const ByteView attributes = quote_->qe_field("attributes");
    if (!equal_under_mask(quote_->qe_field("misc_select"), qe().misc_select, qe().misc_select_mask))
        return bad("E_QE_IDENTITY", "tdx.qe.misc_select");
    if (!equal_under_mask(attributes, qe().attributes, qe().attributes_mask))
        return bad("E_QE_IDENTITY", "tdx.qe.attributes");
    if ((attributes[0] & kDebug) != 0) return bad("E_QE_IDENTITY", "tdx.qe.debug");
    if (!equal(quote_->qe_field("mr_signer"), qe().mr_signer.view()))
        return bad("E_QE_IDENTITY", "tdx.qe.mr_signer");
    if (le16(quote_->qe_field("isv_prod_id")) != qe().isv_prod_id)
        return bad("E_QE_IDENTITY", "tdx.qe.isv_prod_id");
    return {};
}

Status TdxVerification::attestation_key() {
    if (!crypto::p256_check_point(attestation_public())) return bad("E_ATT_KEY", "tdx.attestation_key");
    return {};
}

Status TdxVerification::quote_signature() {
    if (!crypto::p256_verify(attestation_public(), quote_->signed_range(),
                             fixed_prefix<crypto::P256Signature>(quote_->signature())))
        return bad("E_QUOTE_SIGNATURE", "tdx.quote.signature");
    return {};
}

Status TdxVerification::appraisal() {
    LUMOZ_TRY(result_, appraise({.tcb = tcb(),
                                 .qe = qe(),
                                 .pck = pck_,
                                 .qe_svn = le16(quote_->qe_field("isv_svn")),
                                 .launch = tcb_svn("tee_tcb_svn"),
                                 .current = tcb_svn("tee_tcb_svn2")}));
    result_.collateral_expires = std::min(
        {tcb().next_update, qe().next_update, *state_->root_crl->next_update, *state_->pck_crl->next_update});
    return {};
}

Status TdxVerification::not_revoked() {
    if (result_.tcb_status == evidence::TcbStatus::Revoked) return bad("E_TCB_REVOKED", "tdx.tcb.revoked");
    return {};
}

TdxVerdict verify_tdx(ByteView quote, const evidence::Collateral& collateral, const RootPins& roots,
                      UnixTime now) {
    Result<Quote> parsed = Quote::parse(quote);
    std::shared_ptr<const PreparedState> state;
    if (parsed) state = prepare_state(collateral, roots, pck_chain_text(*parsed, collateral));
    return TdxVerification(std::move(parsed), std::move(state), now).run();
}

TdxVerdict verify_tdx(ByteView quote, const PreparedCollateral& collateral, UnixTime now) {
    return TdxVerification(Quote::parse(quote), TdxVerification::state_of(collateral), now).run();
}

}  // namespace lumoz::verify

// SPDX-License-Identifier: Apache-2.0
#include "collateral/document.hpp"

#include "base/hex.hpp"
#include "collateral/ca_chain.hpp"
#include "crypto/sha2.hpp"
#include "evidence/pcs_answer.hpp"
#include "evidence/qe_identity.hpp"
#include "evidence/tcb_info.hpp"

namespace lumoz::collateral {
namespace {

std::unexpected<Error> unexpected_answer(Item item, std::string detail) {
    return fail(Errc::Malformed, "E_COLLATERAL_ANSWER", "collateral.answer",
                std::string(to_text(item)) + ": " + std::move(detail));
}

Result<Document> read_json(Item item, std::string_view body, std::string chain) {
    LUMOZ_TRY(evidence::SignedText cut,
              evidence::cut_signed_text(body, item == Item::TcbInfo ? "tcbInfo" : "enclaveIdentity"));
    return Document{.item = item,
                    .chain = std::move(chain),
                    .text = std::move(cut.text),
                    .signature = std::move(cut.signature)};
}

/// Services disagree about the encoding of CRLs whatever was asked for: the content tells.
Result<Document> read_crl(Item item, ByteView body, std::string chain) {
    const std::string_view text = as_text(body);
    const std::string_view line = text.substr(0, text.find_last_not_of("\r\n") + 1);
    Bytes der = to_bytes(body);
    if (text.starts_with("-----") || is_hex(line)) {
        LUMOZ_TRY(der, evidence::decode_crl(is_hex(line) ? line : text));
    }
    LUMOZ_TRY(const evidence::Crl crl, evidence::Crl::parse(der));
    return Document{.item = item, .chain = std::move(chain), .text = to_hex(crl.der())};
}

Checked checked(const verify::Chain& chain, UnixTime issued, UnixTime next_update) {
    TimeWindow window;
    window.narrow(issued, next_update);
    for (const verify::CertPtr& certificate : chain)
        window.narrow(certificate->not_before, certificate->not_after);
    return Checked{.not_before = window.begin,
                   .not_after = window.end,
                   .issued = issued,
                   .root = crypto::sha256(chain.back()->spki()),
                   .signer_serial = to_bytes(chain.front()->serial())};
}

Result<verify::Chain> check_signed(const Document& document, const verify::RootPins& roots) {
    const bool tcb = document.item == Item::TcbInfo;
    verify::Memo memo;
    LUMOZ_TRY(const std::vector<Bytes> certificates, evidence::split_certificates(document.chain));
    LUMOZ_TRY(verify::Chain chain, verify::check_chain(certificates, verify::kTcbSigningChain, roots, memo));
    const auto signature = fixed_from_hex<crypto::P256Signature>(document.signature);
    if (!signature || !memo.verify(chain.front()->key, crypto::sha256(as_bytes(document.text)), *signature))
        return fail(Errc::Refused, tcb ? "E_TCBINFO_SIGNATURE" : "E_QEID_SIGNATURE",
                    tcb ? "collateral.tcb_info" : "collateral.qe_identity");
    return chain;
}

Result<Checked> check_tcb_info(const Document& document, const Request& request,
                               const verify::RootPins& roots) {
    LUMOZ_TRY(const verify::Chain chain, check_signed(document, roots));
    LUMOZ_TRY(const evidence::TcbInfo info, evidence::TcbInfo::parse(document.text));
    const auto mismatch = [](std::string detail) {
        return fail(Errc::Refused, "E_TCBINFO_MISMATCH", "collateral.tcb_info", std::move(detail));
    };
    if (info.tdx != request.platform.tdx) return mismatch("of the other kind of TEE");
    if (info.tdx && info.version != 3) return mismatch("version " + std::to_string(info.version));
    if (info.fmspc != request.platform.fmspc) return mismatch("FMSPC " + to_hex(info.fmspc.view()));
    if (request.set.number && info.evaluation_number != *request.set.number)
        return mismatch("evaluation number " + std::to_string(info.evaluation_number));
    Checked out = checked(chain, info.issue_date, info.next_update);
    out.evaluation_number = info.evaluation_number;
    return out;
}

Result<Checked> check_qe_identity(const Document& document, const Request& request,
                                  const verify::RootPins& roots) {
    LUMOZ_TRY(const verify::Chain chain, check_signed(document, roots));
    LUMOZ_TRY(const evidence::QeIdentity qe, evidence::QeIdentity::parse(document.text));
    const auto mismatch = [](std::string detail) {
        return fail(Errc::Refused, "E_QEID_MISMATCH", "collateral.qe_identity", std::move(detail));
    };
    if (qe.id != (request.platform.tdx ? evidence::EnclaveId::TdQe : evidence::EnclaveId::Qe))
        return mismatch("of another enclave");
    if (request.set.number && qe.evaluation_number != *request.set.number)
        return mismatch("evaluation number " + std::to_string(qe.evaluation_number));
    Checked out = checked(chain, qe.issue_date, qe.next_update);
    out.evaluation_number = qe.evaluation_number;
    return out;
}

Result<Checked> check_list(const Document& document, const Request& request, const verify::RootPins& roots) {
    verify::Memo memo;
    const bool root_list = document.item == Item::RootCrl;
    LUMOZ_TRY(const verify::Chain chain,
              root_list ? check_root(document.chain, roots, memo)
                        : check_ca_chain(document.chain, request.platform.ca, roots, memo));
    LUMOZ_TRY(const Bytes der, evidence::decode_crl(document.text));
    LUMOZ_TRY(const evidence::Crl crl, evidence::Crl::parse(der));
    LUMOZ_CHECK_OK(verify::check_crl(crl, *chain.front(), memo));
    // A list without an end is one that has ended (specification tdx.md 5, CR).
    return checked(chain, crl.this_update, crl.next_update.value_or(crl.this_update - 1));
}

}  // namespace

bool Checked::older_than(const Checked& other) const {
    if (evaluation_number != other.evaluation_number) return evaluation_number < other.evaluation_number;
    return issued < other.issued;
}

Result<Document> read_answer(Item item, ByteView body, std::string chain) {
    if (body.size() > kMaxDocument) return unexpected_answer(item, "more than 2 MiB");
    return item == Item::TcbInfo || item == Item::QeIdentity
               ? read_json(item, as_text(body), std::move(chain))
               : read_crl(item, body, std::move(chain));
}

Result<Checked> check(const Document& document, const Request& request, const verify::RootPins& roots) {
    switch (document.item) {
        case Item::TcbInfo:
            return check_tcb_info(document, request, roots);
        case Item::QeIdentity:
            return check_qe_identity(document, request, roots);
        default:
            return check_list(document, request, roots);
    }
}

Status check_dates(const Document& document, const Checked& checked, UnixTime now) {
    constexpr std::array<std::array<std::string_view, 2>, kItems.size()> kRules{
        {{"E_TCBINFO_NOT_YET_VALID", "E_TCBINFO_EXPIRED"},
         {"E_QEID_NOT_YET_VALID", "E_QEID_EXPIRED"},
         {"E_CRL_NOT_YET_VALID", "E_CRL_EXPIRED"},
         {"E_CRL_NOT_YET_VALID", "E_CRL_EXPIRED"}}};
    const auto& rules = kRules[static_cast<std::size_t>(document.item)];
    if (now < checked.not_before)
        return fail(Errc::Refused, rules[0], "collateral.dates", "from " + to_rfc3339(checked.not_before));
    if (now > checked.not_after)
        return fail(Errc::Refused, rules[1], "collateral.dates", "until " + to_rfc3339(checked.not_after));
    return {};
}

Result<std::string> root_of(std::string_view chain) {
    LUMOZ_TRY(const std::vector<Bytes> certificates, evidence::split_certificates(chain));
    if (certificates.empty())
        return fail(Errc::Malformed, "E_CERT_PARSE", "collateral.root", "no certificate");
    return crypto::der::to_pem("CERTIFICATE", certificates.back());
}

}  // namespace lumoz::collateral

// SPDX-License-Identifier: Apache-2.0
#include "collateral/bundle.hpp"

#include "evidence/crl.hpp"
#include "evidence/tcb_info.hpp"

namespace lumoz::collateral {
namespace {

std::unexpected<Error> unreadable(std::string detail) {
    return fail(Errc::Malformed, "E_COLLATERAL_PARSE", "collateral.import", std::move(detail));
}

const Document& at(const DocumentSet& documents, Item item) {
    return documents[static_cast<std::size_t>(item)];
}

/// The signers are certificates below the root: its list rules over all of them.
Status check_signers(const DocumentSet& documents, const std::array<Checked, kItems.size()>& checked) {
    LUMOZ_TRY(const Bytes der, evidence::decode_crl(at(documents, Item::RootCrl).text));
    LUMOZ_TRY(const evidence::Crl list, evidence::Crl::parse(der));
    for (const Item item : {Item::TcbInfo, Item::QeIdentity, Item::PckCrl})
        if (list.lists(checked[static_cast<std::size_t>(item)].signer_serial))
            return fail(Errc::Refused, "E_CERT_REVOKED", kWhereSigner, std::string(to_text(item)));
    return {};
}

evidence::Collateral texts_of(const DocumentSet& documents) {
    const Document& tcb = at(documents, Item::TcbInfo);
    const Document& qe = at(documents, Item::QeIdentity);
    evidence::Collateral out;
    out.pck_crl_issuer_chain = at(documents, Item::PckCrl).chain;
    out.root_ca_crl = at(documents, Item::RootCrl).text;
    out.pck_crl = at(documents, Item::PckCrl).text;
    out.tcb_info_issuer_chain = tcb.chain;
    out.tcb_info = tcb.text;
    out.tcb_info_signature = tcb.signature;
    out.qe_identity_issuer_chain = qe.chain;
    out.qe_identity = qe.text;
    out.qe_identity_signature = qe.signature;
    return out;
}

/// PEM of PCK CA and root, from the bundle's chain of the list or of a PCK certificate.
Result<std::string> ca_chain_of(const evidence::Collateral& texts) {
    if (!texts.pck_crl_issuer_chain.empty()) return texts.pck_crl_issuer_chain;
    if (texts.pck_certificate_chain.empty())
        return unreadable("neither pck_crl_issuer_chain nor pck_certificate_chain");
    LUMOZ_TRY(const std::vector<Bytes> certificates,
              evidence::split_certificates(texts.pck_certificate_chain));
    std::string out;
    for (std::size_t i = 1; i < certificates.size(); ++i)
        out += crypto::der::to_pem("CERTIFICATE", certificates[i]);
    return out;
}

Result<DocumentSet> documents_of(const evidence::Collateral& texts, UnixTime now) {
    DocumentSet out;
    LUMOZ_TRY(std::string ca_chain, ca_chain_of(texts));
    LUMOZ_TRY(std::string root, root_of(texts.tcb_info_issuer_chain));
    out[0] = {.item = Item::TcbInfo,
              .chain = texts.tcb_info_issuer_chain,
              .text = texts.tcb_info,
              .signature = texts.tcb_info_signature,
              .fetched_at = now};
    out[1] = {.item = Item::QeIdentity,
              .chain = texts.qe_identity_issuer_chain,
              .text = texts.qe_identity,
              .signature = texts.qe_identity_signature,
              .fetched_at = now};
    LUMOZ_TRY(out[2], read_answer(Item::PckCrl, as_bytes(texts.pck_crl), std::move(ca_chain)));
    LUMOZ_TRY(out[3], read_answer(Item::RootCrl, as_bytes(texts.root_ca_crl), std::move(root)));
    out[2].fetched_at = now;
    out[3].fetched_at = now;
    return out;
}

/// What the documents say they are about. Nothing of it is believed before `check` has compared it.
Result<Platform> platform_in(const DocumentSet& documents) {
    LUMOZ_TRY(const evidence::TcbInfo info, evidence::TcbInfo::parse(at(documents, Item::TcbInfo).text));
    LUMOZ_TRY(const std::vector<Bytes> certificates,
              evidence::split_certificates(at(documents, Item::PckCrl).chain));
    if (certificates.empty()) return unreadable("no certificate of the PCK CA");
    LUMOZ_TRY(const evidence::Certificate issuer, evidence::Certificate::parse(certificates.front()));
    const std::optional<PckCa> ca = evidence::pck_ca_named(issuer.common_name());
    if (!ca) return fail(Errc::Refused, "E_CHAIN_NAME", "collateral.import");
    return Platform{.tdx = info.tdx, .fmspc = info.fmspc, .ca = *ca};
}

/// Replaces a text whose signature fails by its compact form when that one's holds.
bool repair(Document& document, const Request& request, const verify::RootPins& roots) {
    const auto now = check(document, request, roots);
    if (now || !now.error().rule.ends_with("_SIGNATURE")) return false;
    Document compact = document;
    compact.text = compacted(document.text);
    if (compact.text == document.text || !check(compact, request, roots)) return false;
    document = std::move(compact);
    return true;
}

}  // namespace

std::string compacted(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    bool in_text = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (!in_text && space) continue;
        out.push_back(c);
        if (c == '"') in_text = !in_text;
        if (in_text && c == '\\' && i + 1 < json.size()) out.push_back(json[++i]);
    }
    return out;
}

Result<Bundle> assemble(const DocumentSet& documents, const Request& request, const verify::RootPins& roots) {
    std::array<Checked, kItems.size()> checked;
    for (const Item item : kItems) {
        LUMOZ_TRY(checked[static_cast<std::size_t>(item)], check(at(documents, item), request, roots));
    }
    Bundle out{.request = request, .texts = texts_of(documents), .root = checked.front().root};
    out.not_before = checked.front().not_before;
    out.not_after = checked.front().not_after;
    for (const Checked& part : checked) {
        if (part.root != out.root)
            return fail(Errc::Refused, "E_CHAIN_ROOT_UNTRUSTED", kWhereBundle,
                        "documents of different roots");
        out.not_before = std::max(out.not_before, part.not_before);
        out.not_after = std::min(out.not_after, part.not_after);
    }
    out.evaluation_number = std::min(checked[0].evaluation_number, checked[1].evaluation_number);
    LUMOZ_CHECK_OK(check_signers(documents, checked));
    return out;
}

Result<Imported> import_bundle(std::string_view text, const DataSet& set, const verify::RootPins& roots,
                               UnixTime now) {
    LUMOZ_TRY(const evidence::Collateral texts, evidence::Collateral::parse(text));
    LUMOZ_TRY(DocumentSet documents, documents_of(texts, now));
    LUMOZ_TRY(const Platform platform, platform_in(documents));
    const Request request{.platform = platform, .set = set};
    bool any = false;
    for (const Item item : {Item::TcbInfo, Item::QeIdentity})
        any = repair(documents[static_cast<std::size_t>(item)], request, roots) || any;
    LUMOZ_TRY(Bundle bundle, assemble(documents, request, roots));
    return Imported{.bundle = std::move(bundle), .documents = std::move(documents), .compacted = any};
}

}  // namespace lumoz::collateral

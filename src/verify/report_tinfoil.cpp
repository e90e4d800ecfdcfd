// SPDX-License-Identifier: Apache-2.0
// What the evidence of a Tinfoil document binds (specification api.md 10).
#include "base/hex.hpp"
#include "evidence/web_certificate.hpp"
#include "verify/report_verification.hpp"

namespace lumoz::verify {

using evidence::BindingForm;

namespace {

std::unexpected<Error> bad(std::string_view rule, std::string_view where, std::string detail = {}) {
    return fail(Errc::Refused, rule, where, std::move(detail));
}

}  // namespace

Status ReportVerification::bind_tinfoil() {
    return in_.tinfoil_v3 ? bind_tinfoil_v3() : bind_tinfoil_v2();
}

/// The keys are nowhere but in report_data: SHA-256 of the TLS key, then the HPKE key.
Status ReportVerification::bind_tinfoil_v2() {
    const ByteView have = report_data_.view();
    if (all_zero(have.first(32)) || all_zero(have.subspan(32)))
        return bad("E_BINDING", "report.binding.tinfoil", "report_data holds no keys");
    proof_.form = BindingForm::TinfoilV2;
    proof_.tls_keys.push_back(fixed_prefix<Digest256>(have.first(32)));
    proof_.hpke_key = fixed_prefix<Digest256>(have.subspan(32));
    return tinfoil_certificate();
}

/// The bundle's certificate carries the key, the HPKE key and the document's hash in its names.
Status ReportVerification::tinfoil_certificate() {
    if (!in_.tinfoil_bundle || !in_.tinfoil_bundle->certificate) return {};
    LUMOZ_TRY(const evidence::WebCertificate certificate,
              evidence::WebCertificate::parse_pem(*in_.tinfoil_bundle->certificate));
    if (certificate.spki_sha256 != proof_.tls_keys.front())
        return bad("E_BINDING", "report.certificate.key",
                   "the certificate is of another key than the evidence");
    const auto& names = certificate.dns_names;
    if (std::ranges::find(names, in_.tinfoil_bundle->domain) == names.end())
        return bad("E_REPORT_MEMBER", "report.certificate.domain",
                   "the domain is no name of the certificate");
    const auto hpke = certificate.carried("hpke");
    if (hpke && !equal(*hpke, proof_.hpke_key->view()))
        return bad("E_REPORT_MEMBER", "report.certificate.hpke", "another HPKE key than the evidence");
    const auto hash = certificate.carried("hatt");
    // The names carry the hash as hex text.
    const std::string want = to_hex(in_.tinfoil_v2->document_hash.view());
    if (hash && as_text(*hash) != want && !equal(*hash, in_.tinfoil_v2->document_hash.view()))
        return bad("E_REPORT_MEMBER", "report.certificate.hatt", "the hash of another document");
    if (hpke) verdict_.establish_text("san_hpke_decoded", to_hex(*hpke));
    if (hash) verdict_.establish_text("san_hatt_decoded", want);
    verdict_.establish_text("certificate_not_before", to_rfc3339(certificate.not_before));
    verdict_.establish_text("certificate_not_after", to_rfc3339(certificate.not_after));
    return {};
}

/// Nonce, crypto material and device evidence by their hashes.
Status ReportVerification::bind_tinfoil_v3() {
    const evidence::TinfoilV3& document = *in_.tinfoil_v3;
    if (document.crypto_material_hash != document.crypto_material_sha256)
        return bad("E_REPORT_MEMBER", "report.endorsed.crypto_material_hash");
    if (document.device_evidence_hash != document.device_evidence_sha256)
        return bad("E_REPORT_MEMBER", "report.endorsed.device_evidence_hash");
    const ReportData want = evidence::tinfoil_v3_report_data(document.nonce, document.crypto_material_sha256,
                                                             document.device_evidence_sha256);
    if (document.report_data != want)
        return bad("E_REPORT_MEMBER", "report.challenge.report_data", "not what the document hashes to");
    if (report_data_ != want) return bad("E_BINDING", "report.binding.tinfoil");
    proof_.form = BindingForm::TinfoilV3;
    proof_.nonce = document.nonce;
    if (const auto tls = document.key("tls")) proof_.tls_keys.push_back(*tls);
    proof_.hpke_key = document.key("hpke");
    return {};
}

}  // namespace lumoz::verify

// SPDX-License-Identifier: Apache-2.0
#include "verify/test_tee.hpp"

#include "base/hex.hpp"
#include "base/time.hpp"
#include "crypto/der.hpp"
#include "crypto/sha2.hpp"
#include "evidence/tdx_layout.hpp"

namespace lumoz::verify::testing {

namespace der = crypto::der;

namespace {

constexpr std::string_view kRoot = "Intel SGX Root CA", kCa = "Intel SGX PCK Platform CA",
                           kPck = "Intel SGX PCK Certificate", kSigner = "Intel SGX TCB Signing";

crypto::P256Key key(std::string_view label) {
    return crypto::P256Key::derive(crypto::sha256(as_bytes("verify/test_tee")), label);
}

Bytes name(std::string_view cn) {
    return der::sequence({der::set({der::sequence({der::oid("2.5.4.3"), der::utf8(cn)})})});
}

Bytes algorithm() {
    return der::sequence({der::oid("1.2.840.10045.4.3.2")});
}

Bytes extension(std::string_view oid, const Bytes& value) {
    return der::sequence({der::oid(oid), der::octet_string(value)});
}

Bytes key_id(const crypto::P256Key& of) {
    return to_bytes(crypto::sha256(of.public_key().view()).view().first(20));
}

Bytes authority(const crypto::P256Key& issuer) {
    return extension("2.5.29.35", der::sequence({der::element(0x80, key_id(issuer))}));
}

Bytes signed_structure(const Bytes& tbs, const crypto::P256Key& by) {
    return der::sequence({tbs, algorithm(), der::bit_string(crypto::p256_signature_to_der(by.sign(tbs)))});
}

Bytes member(std::string_view arc, const Bytes& value) {
    return der::sequence({der::oid("1.2.840.113741.1.13.1." + std::string(arc)), value});
}

Bytes join(std::initializer_list<Bytes> parts) {
    Bytes out;
    for (const Bytes& part : parts)
        append(out, part);
    return out;
}

Bytes sgx_extension() {
    Bytes tcb;
    for (int i = 1; i <= 16; ++i)
        append(tcb, member("2." + std::to_string(i), der::integer(std::uint64_t{7})));
    append(tcb, member("2.17", der::integer(std::uint64_t{13})));
    append(tcb, member("2.18", der::octet_string(Bytes(16, 7))));
    return der::sequence(
        {member("1", der::octet_string(Bytes(16, 0xa1))), member("2", der::element(der::kSequence, tcb)),
         member("3", der::octet_string(Bytes(2, 0))), member("4", der::octet_string(Bytes(6, 0x50))),
         member("5", der::element(der::kEnumerated, Bytes{1}))});
}

struct CertificateForm {
    std::string_view subject;
    std::string_view issuer;
    bool ca = false;
    bool pck = false;
    std::uint64_t serial = 0;
    std::int64_t around = TestDates::kYear;
};

Bytes certificate(const CertificateForm& form, const crypto::P256Key& subject,
                  const crypto::P256Key& issuer) {
    const Bytes usage = form.ca ? Bytes{0x03, 0x02, 0x01, 0x06} : Bytes{0x03, 0x02, 0x06, 0xc0};
    Bytes extensions =
        join({authority(issuer), extension("2.5.29.14", der::octet_string(key_id(subject))),
              extension("2.5.29.31", der::sequence({})), extension("2.5.29.15", usage),
              extension("2.5.29.19", form.ca ? der::sequence({der::boolean(true)}) : der::sequence({}))});
    if (form.pck) append(extensions, extension("1.2.840.113741.1.13.1", sgx_extension()));
    const std::int64_t now = TestTee::kNow;
    const Bytes tbs = der::sequence(
        {der::context(0, der::integer(std::uint64_t{2})), der::integer(form.serial), algorithm(),
         name(form.issuer), der::sequence({der::time(now - form.around), der::time(now + form.around)}),
         name(form.subject), crypto::p256_spki(subject.public_key()),
         der::context(3, der::element(der::kSequence, extensions))});
    return signed_structure(tbs, issuer);
}

std::string crl(std::string_view issuer_name, const crypto::P256Key& issuer, std::int64_t around,
                std::optional<std::uint64_t> revoked = {}) {
    const Bytes extensions =
        der::sequence({authority(issuer), extension("2.5.29.20", der::integer(std::uint64_t{1}))});
    Bytes entries;
    if (revoked)
        entries = der::sequence({der::sequence({der::integer(*revoked), der::time(TestTee::kNow - 1)})});
    const Bytes tbs = der::sequence({der::integer(std::uint64_t{1}), algorithm(), name(issuer_name),
                                     der::time(TestTee::kNow - around), der::time(TestTee::kNow + around),
                                     entries, der::context(0, extensions)});
    return to_hex(signed_structure(tbs, issuer));
}

std::string components(int svn) {
    std::string out = "[";
    for (int i = 0; i < 16; ++i)
        out += (i == 0 ? "" : ",") + std::string(R"({"svn":)") + std::to_string(svn) + "}";
    return out + "]";
}

std::string dates(std::int64_t around) {
    return R"("issueDate":")" + to_rfc3339(TestTee::kNow - around) + R"(","nextUpdate":")" +
           to_rfc3339(TestTee::kNow + around) + '"';
}

std::string tcb_info(std::int64_t around) {
    const std::string zeros48(96, '0'), zeros8(16, '0'), mask(16, 'F');
    return R"({"id":"TDX","version":3,)" + dates(around) +
           R"(,"fmspc":"505050505050","pceId":"0000","tcbType":0,"tcbEvaluationDataNumber":19,"tdxModule":{"mrsigner":")" +
           zeros48 + R"(","attributes":")" + zeros8 + R"(","attributesMask":")" + mask +
           R"("},"tcbLevels":[{"tcb":{"sgxtcbcomponents":)" + components(7) +
           R"(,"pcesvn":13,"tdxtcbcomponents":)" + components(0) +
           R"(},"tcbDate":"2026-01-01T00:00:00Z","tcbStatus":"UpToDate"}]})";
}

std::string qe_identity(std::int64_t around) {
    return R"({"id":"TD_QE","version":2,)" + dates(around) +
           R"(,"tcbEvaluationDataNumber":19,"miscselect":"00000000","miscselectMask":"FFFFFFFF","attributes":")" +
           std::string(32, '0') + R"(","attributesMask":")" + std::string(32, 'F') + R"(","mrsigner":")" +
           std::string(64, '0') +
           R"(","isvprodid":0,"tcbLevels":[{"tcb":{"isvsvn":0},"tcbDate":"2026-01-01T00:00:00Z","tcbStatus":"UpToDate"}]})";
}

void put(Bytes& body, std::string_view field, ByteView value) {
    const evidence::Field* f = evidence::find_field(evidence::BodyKind::Td10, field);
    std::ranges::copy(value, body.begin() + f->offset);
}

void append_le(Bytes& out, std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

Bytes td_body(const TestTd& td) {
    Bytes body(evidence::kTd10Size, 0);
    constexpr std::uint8_t kSeptVeDisable[] = {0, 0, 0, 0x10, 0, 0, 0, 0};
    put(body, "td_attributes", kSeptVeDisable);
    put(body, "mr_td", Bytes(48, 0x4d));
    put(body, "mr_config_id", td.mr_config_id.view());
    put(body, "rtmr0", td.rtmr[0].view());
    put(body, "rtmr1", td.rtmr[1].view());
    put(body, "rtmr2", td.rtmr[2].view());
    put(body, "rtmr3", td.rtmr[3].view());
    put(body, "report_data", td.report_data.view());
    for (const auto& [name, value] : td.fields)
        put(body, name, value);
    return body;
}

}  // namespace

TestTee::TestTee(const TestDates& dates)
    : root_(key("root")),
      ca_(key("ca")),
      pck_(key("pck")),
      signer_(key("signer")),
      attestation_(key("attestation")) {
    const auto pem = [](const Bytes& cert) { return der::to_pem("CERTIFICATE", cert); };
    const std::int64_t around = dates.certificates;
    const std::string root = pem(certificate(
        {.subject = kRoot, .issuer = kRoot, .ca = true, .serial = 1, .around = around}, root_, root_));
    const std::string ca = pem(certificate(
        {.subject = kCa, .issuer = kRoot, .ca = true, .serial = 2, .around = around}, ca_, root_));
    const std::string signing = pem(
        certificate({.subject = kSigner, .issuer = kRoot, .serial = 3, .around = around}, signer_, root_));
    const auto leaf = [&](bool named) {
        return pem(certificate({.subject = kPck, .issuer = kCa, .pck = named, .serial = 4, .around = around},
                               pck_, ca_));
    };
    pck_chain_ = leaf(true) + ca + root;
    nameless_chain_ = leaf(false) + ca + root;
    root_pin_ = crypto::sha256(crypto::p256_spki(root_.public_key()));
    const auto sign = [&](const std::string& text) { return to_hex(signer_.sign(as_bytes(text)).view()); };
    collateral_.root_ca_crl = crl(kRoot, root_, dates.root_crl);
    collateral_.pck_crl = crl(kCa, ca_, dates.pck_crl);
    collateral_.pck_crl_issuer_chain = ca + root;
    collateral_.tcb_info_issuer_chain = signing + root;
    collateral_.qe_identity_issuer_chain =
        pem(certificate({.subject = kSigner, .issuer = kRoot, .serial = 5, .around = around}, signer_,
                        root_)) +
        root;
    collateral_.tcb_info = tcb_info(dates.tcb_info);
    collateral_.tcb_info_signature = sign(collateral_.tcb_info);
    collateral_.qe_identity = qe_identity(dates.qe_identity);
    collateral_.qe_identity_signature = sign(collateral_.qe_identity);
}

evidence::Collateral TestTee::collateral_revoking(std::uint64_t serial) const {
    evidence::Collateral out = collateral_;
    out.root_ca_crl = crl(kRoot, root_, TestDates::kYear, serial);
    return out;
}

evidence::Collateral TestTee::collateral_with_qe(const std::string& identity) const {
    evidence::Collateral out = collateral_;
    out.qe_identity = identity;
    out.qe_identity_signature = to_hex(signer_.sign(as_bytes(identity)).view());
    return out;
}

evidence::Collateral TestTee::collateral_with_tcb(const std::string& info) const {
    evidence::Collateral out = collateral_;
    out.tcb_info = info;
    out.tcb_info_signature = to_hex(signer_.sign(as_bytes(info)).view());
    return out;
}

Bytes TestTee::quote(const TestTd& td) const {
    Bytes out;
    append_le(out, 4, 2);
    append_le(out, evidence::kKeyTypeEcdsaP256, 2);
    append_le(out, static_cast<std::uint32_t>(evidence::TeeType::Tdx), 4);
    append_le(out, 0, 4);
    append(out, evidence::kIntelVendor);
    append(out, Bytes(20, 0));
    append(out, td_body(td));
    const Bytes signature = to_bytes(attestation_.sign(out).view());

    const Bytes auth(32, 0x11);
    Bytes bound = to_bytes(attestation_.public_key().view());
    append(bound, auth);
    Bytes qe_report(evidence::kSgxReportSize, 0);
    std::ranges::copy(crypto::sha256(bound).bytes, qe_report.begin() + 320);
    constexpr std::size_t kAttributes = 48;
    if (td.qe_debug) qe_report[kAttributes] = 0x02;

    Bytes envelope = qe_report;
    append(envelope, pck_.sign(qe_report).view());
    append_le(envelope, auth.size(), 2);
    append(envelope, auth);
    const Bytes cert_data = td.cert_data.value_or(to_bytes(as_bytes(pck_chain_)));
    append_le(envelope, td.cert_type, 2);
    append_le(envelope, cert_data.size(), 4);
    append(envelope, cert_data);

    append_le(out, evidence::kSignatureSize + evidence::kKeySize + 6 + envelope.size(), 4);
    append(out, signature);
    append(out, attestation_.public_key().view());
    append_le(out, evidence::kCertTypeQeReport, 2);
    append_le(out, envelope.size(), 4);
    append(out, envelope);
    return out;
}

}  // namespace lumoz::verify::testing

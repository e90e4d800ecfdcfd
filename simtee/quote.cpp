// SPDX-License-Identifier: Apache-2.0
#include "simtee/quote.hpp"

#include "crypto/sha2.hpp"
#include "evidence/tdx_layout.hpp"

#include <cstdlib>

namespace lumoz::simtee {
namespace {

constexpr std::uint8_t kTdAttributes[8] = {0, 0, 0, 0x10, 0, 0, 0, 0};  // SEPT_VE_DISABLE
constexpr std::uint8_t kXfam[8] = {0xe7, 0x02, 0x06, 0, 0, 0, 0, 0};
constexpr std::size_t kAuthDataSize = 32;

template <class Int>
void append_le(Bytes& out, Int value) {
    for (std::size_t i = 0; i < sizeof(Int); ++i) {
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

/// Fills fields of one structure by name.
class Filler {
public:
    Filler(std::span<const evidence::Field> fields, std::size_t size) : fields_(fields), bytes_(size) {}
    void set(std::string_view name, ByteView value) {
        const auto field = std::ranges::find(fields_, name, &evidence::Field::name);
        // The names are literals of this file: a wrong one cannot come from outside.
        if (field == fields_.end() || value.size() > field->size) std::abort();
        std::ranges::copy(value, bytes_.begin() + field->offset);
    }
    void set(std::string_view name, std::uint32_t value) {
        const auto field = std::ranges::find(fields_, name, &evidence::Field::name);
        Bytes bytes;
        append_le(bytes, value);
        if (field != fields_.end()) bytes.resize(std::min<std::size_t>(bytes.size(), field->size));
        set(name, bytes);
    }
    [[nodiscard]] Bytes take() && { return std::move(bytes_); }

private:
    std::span<const evidence::Field> fields_;
    Bytes bytes_;
};

Bytes make_header(const Vendor& vendor) {
    Filler header(evidence::header_fields(), evidence::kQuoteHeaderSize);
    header.set("version", 4);
    header.set("att_key_type", evidence::kKeyTypeEcdsaP256);
    header.set("tee_type", static_cast<std::uint32_t>(evidence::TeeType::Tdx));
    header.set("qe_vendor_id", evidence::kIntelVendor);
    // The QE id; any stable 16 bytes.
    header.set("user_data", vendor.root_pin().view().first(16));
    return std::move(header).take();
}

Bytes make_body(const TdIdentity& td, const evidence::Rtmrs& rtmr, const ReportData& report_data) {
    Filler body(evidence::body_fields(evidence::BodyKind::Td10), evidence::kTd10Size);
    body.set("tee_tcb_svn", tee_tcb_svn());
    body.set("mr_seam", crypto::sha384(as_bytes("SIMULATED TDX module")).view());
    body.set("td_attributes", kTdAttributes);
    body.set("xfam", kXfam);
    body.set("mr_td", td.mr_td.view());
    body.set("mr_config_id", td.mr_config_id.view());
    body.set("rtmr0", rtmr[0].view());
    body.set("rtmr1", rtmr[1].view());
    body.set("rtmr2", rtmr[2].view());
    body.set("rtmr3", rtmr[3].view());
    body.set("report_data", report_data.view());
    return std::move(body).take();
}

Bytes make_qe_report(const Vendor& vendor, ByteView auth) {
    const QeFacts& qe = qe_facts();
    Bytes bound = to_bytes(vendor.attestation_key().public_key().view());
    append(bound, auth);
    Filler report(evidence::body_fields(evidence::BodyKind::SgxReport), evidence::kSgxReportSize);
    report.set("cpu_svn", vendor.platform().cpusvn.view());
    report.set("attributes", qe.attributes);
    report.set("mr_enclave", qe.mr_enclave.view());
    report.set("mr_signer", qe.mr_signer.view());
    report.set("isv_prod_id", qe.isv_prod_id);
    report.set("isv_svn", qe.isv_svn);
    report.set("report_data", crypto::sha256(bound).view());
    return std::move(report).take();
}

/// QE report, its signature, authentication data, PCK chain (specs/tdx.md 2.5).
Bytes make_envelope(const Vendor& vendor) {
    Bytes auth(kAuthDataSize);
    for (std::size_t i = 0; i < auth.size(); ++i) {
        auth[i] = static_cast<std::uint8_t>(i);
    }
    Bytes out = make_qe_report(vendor, auth);
    append(out, vendor.sign_qe_report(out).view());
    append_le(out, static_cast<std::uint16_t>(auth.size()));
    append(out, auth);
    append_le(out, evidence::kCertTypePckChain);
    // Real platforms end the text with a NUL.
    append_le(out, static_cast<std::uint32_t>(vendor.pck_chain().size() + 1));
    append(out, as_bytes(vendor.pck_chain()));
    out.push_back(0);
    return out;
}

}  // namespace

Bytes make_quote(const Vendor& vendor, const TdIdentity& td, const evidence::Rtmrs& rtmr,
                 const ReportData& report_data) {
    Bytes quote = make_header(vendor);
    append(quote, make_body(td, rtmr, report_data));
    const crypto::P256Key& key = vendor.attestation_key();
    const Bytes envelope = make_envelope(vendor);
    Bytes section = to_bytes(key.sign(quote).view());
    append(section, key.public_key().view());
    append_le(section, evidence::kCertTypeQeReport);
    append_le(section, static_cast<std::uint32_t>(envelope.size()));
    append(section, envelope);
    append_le(quote, static_cast<std::uint32_t>(section.size()));
    append(quote, section);
    return quote;
}

}  // namespace lumoz::simtee

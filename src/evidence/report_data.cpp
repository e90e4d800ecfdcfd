// SPDX-License-Identifier: Apache-2.0
#include "evidence/report_data.hpp"

#include "crypto/sha2.hpp"

namespace lumoz::evidence {

namespace {

ReportData join(ByteView first, ByteView second) {
    ReportData out;
    std::ranges::copy(first.first(std::min<std::size_t>(first.size(), 32)), out.bytes.begin());
    std::ranges::copy(second, out.bytes.begin() + 32);
    return out;
}

}  // namespace

std::string_view to_text(BindingForm form) {
    switch (form) {
        case BindingForm::Plain:
            return "plain";
        case BindingForm::Tls:
            return "tls";
        case BindingForm::Lumoz:
            return "lumoz";
        case BindingForm::Aci:
            return "aci";
        case BindingForm::TinfoilV2:
            return "tinfoil-v2";
        case BindingForm::TinfoilV3:
            return "tinfoil-v3";
    }
    return "";
}

ReportData plain_report_data(ByteView address, const Nonce& nonce) {
    return join(address, nonce.view());
}

ReportData tls_report_data(ByteView address, const Digest256& spki_sha256, const Nonce& nonce) {
    Bytes text = to_bytes(address);
    append(text, spki_sha256.view());
    return join(crypto::sha256(text).view(), nonce.view());
}

ReportData statement_report_data(std::string_view statement) {
    return join(crypto::sha256(as_bytes(statement)).view(), {});
}

ReportData attest_report_data(const Nonce& nonce) {
    constexpr std::string_view kLabel("lumoz/attest/v1\0", 16);
    Bytes text = to_bytes(as_bytes(kLabel));
    append(text, nonce.view());
    return join(crypto::sha256(text).view(), nonce.view());
}

}  // namespace lumoz::evidence

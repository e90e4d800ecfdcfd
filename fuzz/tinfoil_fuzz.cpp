// SPDX-License-Identifier: Apache-2.0
// Tinfoil documents: whatever is read stays within its ceilings, and each error has a known name.
#include "evidence/tinfoil.hpp"
#include "evidence/web_certificate.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    namespace evidence = lumoz::evidence;
    const lumoz::ByteView bytes(data, size);
    if (const auto certificate = evidence::WebCertificate::parse(bytes)) {
        hold(certificate->dns_names.size() <= 256);
        (void)certificate->carried("hpke");
    }
    const auto document = lumoz::json::Document::parse(lumoz::as_text(bytes));
    if (!document) return 0;
    const auto known = [](const lumoz::Error& error) {
        hold(error.rule == "E_REPORT_PARSE" || error.rule == "E_REPORT_FORM" || error.rule == "E_GZIP" ||
             error.rule == "E_COLLATERAL_PARSE");
    };
    const auto v2 = evidence::TinfoilV2::from(document->root());
    if (v2) hold(v2->evidence.size() <= 65536);
    if (!v2) known(v2.error());
    const auto bundle = evidence::TinfoilBundle::from(document->root());
    if (!bundle) known(bundle.error());
    const auto v3 = evidence::TinfoilV3::from(document->root());
    if (v3) hold(v3->keys.size() <= 256 && v3->devices.size() <= 256);
    if (!v3) known(v3.error());
    return 0;
}

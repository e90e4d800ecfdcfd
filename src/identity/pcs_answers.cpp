// SPDX-License-Identifier: Apache-2.0
#include "identity/pcs_answers.hpp"

#include "base/hex.hpp"
#include "evidence/crl.hpp"

namespace lumoz::identity {
namespace {

constexpr std::string_view kService = "https://api.trustedservices.intel.com";
constexpr std::string_view kRootCrl = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

/// Everything but letters, digits and `-._~` as `%XX`: PEM in a header.
std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
    return out;
}

struct Answer {
    std::string url;
    std::string_view header;  ///< that carries the issuer chain; empty: none
    std::string_view chain;
};

void write(json::Writer& out, const Answer& answer, ByteView body) {
    out.object();
    out.key("url").string(answer.url);
    out.key("headers").object();
    if (!answer.header.empty()) out.key(answer.header).array().string(percent_encoded(answer.chain)).end();
    out.end();
    out.key("body_base64").string(to_base64(body));
    out.end();
}

/// The body as the service sends it: the signed text with its signature behind it.
std::string signed_body(std::string_view member, std::string_view text, std::string_view signature) {
    return "{\"" + std::string(member) + "\":" + std::string(text) + ",\"signature\":\"" +
           std::string(signature) + "\"}";
}

}  // namespace

Result<std::string> pcs_answers_json(const evidence::Collateral& c, const evidence::Platform& platform) {
    LUMOZ_TRY(const Bytes pck_crl, evidence::decode_crl(c.pck_crl));
    LUMOZ_TRY(const Bytes root_crl, evidence::decode_crl(c.root_ca_crl));
    const std::string tee = std::string(kService) + (platform.tdx ? "/tdx" : "/sgx") + "/certification/v4";
    const std::string ca(to_text(platform.ca));
    json::Writer out;
    out.object().key("responses").array();
    write(out,
          {tee + "/tcb?fmspc=" + to_hex(platform.fmspc.view()), "TCB-Info-Issuer-Chain",
           c.tcb_info_issuer_chain},
          as_bytes(signed_body("tcbInfo", c.tcb_info, c.tcb_info_signature)));
    write(out, {tee + "/qe/identity", "SGX-Enclave-Identity-Issuer-Chain", c.qe_identity_issuer_chain},
          as_bytes(signed_body("enclaveIdentity", c.qe_identity, c.qe_identity_signature)));
    write(out,
          {std::string(kService) + "/sgx/certification/v4/pckcrl?ca=" + ca + "&encoding=der",
           "SGX-PCK-CRL-Issuer-Chain", c.pck_crl_issuer_chain},
          pck_crl);
    write(out, {std::string(kRootCrl), "", ""}, root_crl);
    out.end().end();
    return std::move(out).text();
}

}  // namespace lumoz::identity

// SPDX-License-Identifier: Apache-2.0
// Recorded answers of Intel's certification service (tdx.md 4.2): each member bent, chains in headers, texts
// cut out of bodies.
#include "evidence/intel_pcs.hpp"

#include "crypto/der.hpp"
#include "evidence/pcs_answer.hpp"
#include "evidence/testing/json_bends.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

using testing::Approval;
using testing::Dump;

/// What stands in a header: PEM, each byte that is no letter or digit encoded.
std::string encoded(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
            out += c;
        } else {
            out.append("%").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
        }
    }
    return out;
}

std::string pem(std::uint8_t content) {
    return crypto::der::to_pem("CERTIFICATE", Bytes{content});
}

struct Answer {
    std::string_view url;
    std::string_view header;
    std::string chain;
    std::string body;

    [[nodiscard]] std::string text() const {
        json::Writer out;
        out.object().key("url").string(url).key("headers").object();
        out.key("Date").array().string("today").end();
        if (!header.empty()) out.key(header).array().string(chain).end();
        out.end().key("body_base64").string(to_base64(as_bytes(body))).end();
        return std::move(out).text();
    }
};

struct Parts {
    Answer tcb{"https://x/tdx/certification/v4/tcb?fmspc=00", "TCB-Info-Issuer-Chain", encoded(pem(1)),
               R"({"tcbInfo":{"a": 1},"signature":"aa"})"};
    Answer identity{"https://x/tdx/certification/v4/qe/identity", "sgx-enclave-identity-issuer-chain",
                    encoded(pem(2)), R"({"enclaveIdentity":{"b": 2},"signature":"bb"})"};
    Answer crl{"https://x/sgx/certification/v4/pckcrl?ca=platform#f", "SGX-PCK-CRL-Issuer-Chain", "%", "crl"};
    Answer root{"https://x/IntelSGXRootCA.der", "", "", "root"};

    [[nodiscard]] std::string text(std::string_view more = "") const {
        return R"({"responses":[)" + tcb.text() + "," + identity.text() + "," + crl.text() + "," +
               root.text() + std::string(more) + "]}";
    }
};

Result<Collateral> read(std::string_view text) {
    LUMOZ_TRY(const json::Document document,
              json::Document::parse(text, {.max_bytes = std::size_t{8} << 20}));
    return collateral_from_pcs(document.root());
}

std::string error_of(std::string_view text) {
    const auto got = read(text);
    return got ? "accepted" : got.error().detail;
}

std::string error_of(const std::function<void(Parts&)>& bend) {
    Parts parts;
    bend(parts);
    return error_of(parts.text());
}

Dump dump(const Collateral& c) {
    return Dump()
        .add("tcb_info", c.tcb_info)
        .add("tcb_info_signature", c.tcb_info_signature)
        .add("tcb_info_issuer_chain", c.tcb_info_issuer_chain)
        .add("qe_identity", c.qe_identity)
        .add("qe_identity_signature", c.qe_identity_signature)
        .add("qe_identity_issuer_chain", c.qe_identity_issuer_chain)
        .add("pck_crl", c.pck_crl)
        .add("pck_crl_issuer_chain", c.pck_crl_issuer_chain)
        .add("root_ca_crl", c.root_ca_crl)
        .add("pck_certificate_chain", c.pck_certificate_chain);
}

TEST(IntelPcs, EachMemberBent) {
    Approval approval("intel_pcs");
    testing::add_json_bends<Collateral>(approval, Parts().text(), read, dump);
    approval.check();
}

TEST(IntelPcs, TextsAreCutOutAsTheyStand) {
    const Collateral got = *read(Parts().text());
    EXPECT_EQ(got.tcb_info, R"({"a": 1})");
    EXPECT_EQ(got.tcb_info_signature, "aa");
    EXPECT_EQ(got.tcb_info_issuer_chain, pem(1));
    EXPECT_EQ(got.qe_identity, R"({"b": 2})");
    EXPECT_EQ(got.qe_identity_signature, "bb");
    EXPECT_EQ(got.qe_identity_issuer_chain, pem(2));
    EXPECT_EQ(got.pck_crl, "63726c");
    EXPECT_EQ(got.root_ca_crl, "726f6f74");
    EXPECT_EQ(got.pck_crl_issuer_chain, "") << "trusted for nothing";
}

TEST(IntelPcs, NamesOfHeadersHaveNoCase) {
    for (const std::string_view name :
         {"TCB-INFO-ISSUER-CHAIN", "tcb-info-issuer-chain", "sGX-Tcb-Info-Issuer-Chain"})
        EXPECT_EQ(error_of([&](Parts& p) { p.tcb.header = name; }), "accepted") << name;
    for (const std::string_view name :
         {"TCB-Info-Issuer-Chai", "TCB-Info-Issuer-Chainz", "TCB_Info-Issuer-Chain", "TCB-Info-Issuer-Chai[",
          "TCB-Info-Issuer-Chai\x0e"})
        EXPECT_EQ(error_of([&](Parts& p) { p.tcb.header = name; }),
                  "tcbInfo: its issuer chain: 0 certificates")
            << name;
}

TEST(IntelPcs, OneChainInOneHeader) {
    const std::string two = R"(,"headers":{"TCB-Info-Issuer-Chain":["a"],"SGX-TCB-Info-Issuer-Chain":["b"]})";
    std::string text = Parts().text();
    const std::size_t at = text.find(R"(,"headers")"), end = text.find(R"(,"body_base64")");
    text.replace(at, end - at, two);
    EXPECT_EQ(error_of(text), "SGX-TCB-Info-Issuer-Chain: a second issuer chain");
}

TEST(IntelPcs, EachDocumentOnce) {
    EXPECT_EQ(error_of(Parts().text("," + Parts().tcb.text())), "tcb_info: twice");
    EXPECT_EQ(error_of(Parts().text("," + Parts().identity.text())), "qe_identity: twice");
    EXPECT_EQ(error_of(Parts().text("," + Parts().crl.text())), "pck_crl: twice");
    EXPECT_EQ(error_of(Parts().text("," + Parts().root.text())), "root_ca_crl: twice");
    EXPECT_EQ(error_of([](Parts& p) { p.root.url = "https://pccs/sgx/certification/v4/rootcacrl?x"; }),
              "accepted");
    EXPECT_EQ(error_of([](Parts& p) { p.root.url = "https://x/other"; }), "root_ca_crl: missing");
    EXPECT_EQ(error_of([](Parts& p) { p.crl.url = "https://x/other"; }), "pck_crl: missing");
    EXPECT_EQ(error_of([](Parts& p) { p.identity.url = "https://x/other"; }), "qe_identity: missing");
    EXPECT_EQ(error_of([](Parts& p) { p.tcb.url = "https://x/?/certification/v4/tcb"; }),
              "tcb_info: missing");
}

TEST(IntelPcs, BodiesThatHoldNoSignedText) {
    const auto error = [](std::string body) { return error_of([&](Parts& p) { p.tcb.body = body; }); };
    EXPECT_EQ(error("{"), "tcbInfo: tcbInfo: offset 1: member name expected");
    EXPECT_EQ(error("{}"), "tcbInfo: tcbInfo: is not there");
    EXPECT_EQ(error(R"({"tcbInfo":"{}","signature":"aa"})"), "tcbInfo: tcbInfo: is not there");
    EXPECT_EQ(error(R"({"tcbInfo":{}})"), "tcbInfo: tcbInfo: no signature");
    EXPECT_EQ(error(R"({"tcbInfo":{},"signature":7})"), "tcbInfo: tcbInfo: no signature");
    EXPECT_EQ(error(R"({"tcbInfo":{},"signature":""})"), "accepted") << "the verifier judges it";
}

TEST(IntelPcs, HasCeilings) {
    std::string others;
    for (int i = 0; i < 12; ++i)
        others += "," + Answer{"https://x/other", "", "", ""}.text();
    EXPECT_EQ(error_of(Parts().text(others)), "accepted") << "16";
    others += "," + Answer{"https://x/other", "", "", ""}.text();
    EXPECT_EQ(error_of(Parts().text(others)), "responses: more than 16");
    static_assert(kMaxPcsBody % 4 == 0);
    const auto body = [](std::size_t base64_size) {
        return error_of([&](Parts& p) { p.root.body = std::string(base64_size / 4 * 3, 'x'); });
    };
    EXPECT_EQ(body(kMaxPcsBody), "accepted");
    EXPECT_EQ(body(kMaxPcsBody + 4), "body_base64: too large");
}

/// What a header's value decodes to, or the detail of the error.
std::string decoded(std::string_view value) {
    const auto got = decode_chain_header(value);
    return got ? *got : got.error().detail;
}

TEST(ChainHeader, DecodesHexOfEitherCase) {
    const std::string text = pem(0xfb);  // "+w==": a '+' stands for itself
    std::string header = encoded(text);
    EXPECT_EQ(decoded(header), text);
    header.replace(header.find("%2B"), 3, "+");
    EXPECT_EQ(decoded(header), text);
    header.replace(header.find("%3D"), 3, "%3d");
    EXPECT_EQ(decoded(header), text);
    EXPECT_EQ(decoded(text), text) << "nothing encoded";
    std::string crlf = text;
    crlf.replace(crlf.find('\n'), 1, "\r\n");
    EXPECT_EQ(decoded(crlf), crlf);
}

TEST(ChainHeader, NamesTheByteThatIsWrong) {
    for (const std::string_view bad :
         {"ab%", "ab%4", "ab%4g", "ab%g4", "ab%4:", "ab%/4", "ab%4@", "ab%4`", "ab%0G", "ab%25", "ab\x1f",
          "ab%1F", "ab\x7f", "ab%7F", "ab%80", "ab\x80", "ab%00"})
        EXPECT_EQ(decoded(bad), "offset 2") << bad;
    // Each of these decodes, and is no PEM then.
    for (const std::string_view good :
         {"%41", "%4a", "%4f", "%4F", "%4A", "%20", "%7e", "%79", "%0d", "%0a", "~"})
        EXPECT_TRUE(decoded(std::string(good) + "x").ends_with("block expected")) << good << decoded(good);
}

TEST(ChainHeader, HoldsOneToFourCertificates) {
    std::string chain;
    EXPECT_EQ(decoded(""), "0 certificates");
    EXPECT_EQ(decoded("%0A"), "0 certificates");
    for (std::uint8_t i = 1; i <= 4; ++i) {
        chain += pem(i);
        EXPECT_EQ(decoded(chain), chain);
    }
    EXPECT_EQ(decoded(chain + pem(5)), "5 certificates");
    EXPECT_EQ(decode_chain_header(crypto::der::to_pem("X509 CRL", Bytes{1})).error().where, "cert.pem.label");
}

TEST(ChainHeader, HasAtMost24KiB) {
    const std::string chain = pem(1);
    const std::string filled = chain + std::string(kMaxChainHeader - chain.size(), '\n');
    EXPECT_EQ(decoded(filled), filled);
    EXPECT_EQ(decoded(filled + "\n"), "more than 24 KiB");
}

}  // namespace
}  // namespace lumoz::evidence

// SPDX-License-Identifier: Apache-2.0
// Recorded answers of Intel's certification service (tdx.md 4.2): each member bent, chains in headers, texts
// cut out of bodies.
#include "evidence/intel_pcs.hpp"

#include "evidence/pcs_answer.hpp"
#include "evidence/testing/json_bends.hpp"
#include "evidence/testing/pcs_answers.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

using testing::Dump;
using testing::PcsAnswer;
using testing::PcsAnswers;
using testing::pem_of;
using testing::percent_encoded;

Result<Collateral> read(std::string_view text) {
    LUMOZ_TRY(const json::Document document,
              json::Document::parse(text, {.max_bytes = std::size_t{8} << 20}));
    return collateral_from_pcs(document.root());
}

std::string error_of(std::string_view text) {
    const auto got = read(text);
    return got ? "accepted" : got.error().detail;
}

std::string error_of(const std::function<void(PcsAnswers&)>& bend) {
    PcsAnswers parts;
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
    testing::expect_json_bends<Collateral>("intel_pcs", PcsAnswers().text(), read, dump);
}

TEST(IntelPcs, TextsAreCutOutAsTheyStand) {
    const Collateral got = *read(PcsAnswers().text());
    EXPECT_EQ(got.tcb_info, R"({"a": 1})");
    EXPECT_EQ(got.tcb_info_signature, "aa");
    EXPECT_EQ(got.tcb_info_issuer_chain, pem_of(1));
    EXPECT_EQ(got.qe_identity, R"({"b": 2})");
    EXPECT_EQ(got.qe_identity_signature, "bb");
    EXPECT_EQ(got.qe_identity_issuer_chain, pem_of(2));
    EXPECT_EQ(got.pck_crl, "63726c");
    EXPECT_EQ(got.root_ca_crl, "726f6f74");
    EXPECT_EQ(got.pck_crl_issuer_chain, "") << "trusted for nothing";
}

TEST(IntelPcs, NamesOfHeadersHaveNoCase) {
    for (const std::string_view name :
         {"TCB-INFO-ISSUER-CHAIN", "tcb-info-issuer-chain", "sGX-Tcb-Info-Issuer-Chain"})
        EXPECT_EQ(error_of([&](PcsAnswers& p) { p.tcb.header = name; }), "accepted") << name;
    for (const std::string_view name :
         {"TCB-Info-Issuer-Chai", "TCB-Info-Issuer-Chainz", "TCB_Info-Issuer-Chain", "TCB-Info-Issuer-Chai[",
          "TCB-Info-Issuer-Chai\x0e"})
        EXPECT_EQ(error_of([&](PcsAnswers& p) { p.tcb.header = name; }),
                  "tcbInfo: its issuer chain: 0 certificates")
            << name;
}

TEST(IntelPcs, OneChainInOneHeader) {
    const std::string two = R"(,"headers":{"TCB-Info-Issuer-Chain":["a"],"SGX-TCB-Info-Issuer-Chain":["b"]})";
    std::string text = PcsAnswers().text();
    const std::size_t at = text.find(R"(,"headers")"), end = text.find(R"(,"body_base64")");
    text.replace(at, end - at, two);
    EXPECT_EQ(error_of(text), "SGX-TCB-Info-Issuer-Chain: a second issuer chain");
}

TEST(IntelPcs, EachDocumentOnce) {
    EXPECT_EQ(error_of(PcsAnswers().text("," + PcsAnswers().tcb.text())), "tcb_info: twice");
    EXPECT_EQ(error_of(PcsAnswers().text("," + PcsAnswers().identity.text())), "qe_identity: twice");
    EXPECT_EQ(error_of(PcsAnswers().text("," + PcsAnswers().crl.text())), "pck_crl: twice");
    EXPECT_EQ(error_of(PcsAnswers().text("," + PcsAnswers().root.text())), "root_ca_crl: twice");
    EXPECT_EQ(error_of([](PcsAnswers& p) { p.root.url = "https://pccs/sgx/certification/v4/rootcacrl?x"; }),
              "accepted");
    EXPECT_EQ(error_of([](PcsAnswers& p) { p.root.url = "https://x/other"; }), "root_ca_crl: missing");
    EXPECT_EQ(error_of([](PcsAnswers& p) { p.crl.url = "https://x/other"; }), "pck_crl: missing");
    EXPECT_EQ(error_of([](PcsAnswers& p) { p.identity.url = "https://x/other"; }), "qe_identity: missing");
    EXPECT_EQ(error_of([](PcsAnswers& p) { p.tcb.url = "https://x/?/certification/v4/tcb"; }),
              "tcb_info: missing");
}

TEST(IntelPcs, BodiesThatHoldNoSignedText) {
    const auto error = [](std::string body) { return error_of([&](PcsAnswers& p) { p.tcb.body = body; }); };
    EXPECT_EQ(error("{"), "tcbInfo: tcbInfo: offset 1: member name expected");
    EXPECT_EQ(error("{}"), "tcbInfo: tcbInfo: is not there");
    EXPECT_EQ(error(R"({"tcbInfo":"{}","signature":"aa"})"), "tcbInfo: tcbInfo: is not there");
    EXPECT_EQ(error(R"({"tcbInfo":{}})"), "tcbInfo: tcbInfo: no signature");
    EXPECT_EQ(error(R"({"tcbInfo":{},"signature":7})"), "tcbInfo: tcbInfo: no signature");
    EXPECT_EQ(error(R"({"tcbInfo":{},"signature":""})"), "accepted") << "the verifier judges it";
    EXPECT_EQ(error_of([](PcsAnswers& p) { p.identity.body = "{}"; }),
              "enclaveIdentity: enclaveIdentity: is not there");
}

TEST(IntelPcs, HasCeilings) {
    std::string others;
    for (int i = 0; i < 12; ++i)
        others += "," + PcsAnswer{"https://x/other", "", "", ""}.text();
    EXPECT_EQ(error_of(PcsAnswers().text(others)), "accepted") << "16";
    others += "," + PcsAnswer{"https://x/other", "", "", ""}.text();
    EXPECT_EQ(error_of(PcsAnswers().text(others)), "responses: more than 16");
    static_assert(kMaxPcsBody % 4 == 0);
    const auto body = [](std::size_t base64_size) {
        return error_of([&](PcsAnswers& p) { p.root.body = std::string(base64_size / 4 * 3, 'x'); });
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
    const std::string text = pem_of(0xfb);  // "+w==": a '+' stands for itself
    std::string header = percent_encoded(text);
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
        chain += pem_of(i);
        EXPECT_EQ(decoded(chain), chain);
    }
    EXPECT_EQ(decoded(chain + pem_of(5)), "5 certificates");
    EXPECT_EQ(decode_chain_header(crypto::der::to_pem("X509 CRL", Bytes{1})).error().where, "cert.pem.label");
}

TEST(ChainHeader, HasAtMost24KiB) {
    const std::string chain = pem_of(1);
    const std::string filled = chain + std::string(kMaxChainHeader - chain.size(), '\n');
    EXPECT_EQ(decoded(filled), filled);
    EXPECT_EQ(decoded(filled + "\n"), "more than 24 KiB");
}

}  // namespace
}  // namespace lumoz::evidence

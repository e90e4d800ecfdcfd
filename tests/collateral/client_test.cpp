// SPDX-License-Identifier: Apache-2.0
#include "collateral/client.hpp"

#include "crypto/der.hpp"
#include "tests/collateral/fake_vendor.hpp"

#include <gtest/gtest.h>

namespace lumoz::collateral {
namespace {

using testing::FakeVendor;
using testing::kNow;

class CollateralClient : public ::testing::Test {
protected:
    Result<Document> fetch(Item item) {
        Client client(vendor_);
        const std::string root = root_of(vendor_.documents().tcb_info_issuer_chain).value_or("");
        return client.fetch(item, vendor_.request(), root, kNow);
    }
    /// Rule of the fetch or of the check.
    std::string rule(Item item) {
        const auto document = fetch(item);
        if (!document) return std::string(document.error().rule);
        const auto checked = check(*document, vendor_.request(), vendor_.roots());
        return checked ? "" : std::string(checked.error().rule);
    }
    void body(Item item, std::string text) {
        vendor_.bend[item] = [text](net::Response& r) { r.body = to_bytes(as_bytes(text)); };
    }
    void status(int code) {
        for (const Item item : kItems)
            vendor_.bend[item] = [code](net::Response& r) { r.head.status = code; };
    }
    FakeVendor vendor_;
};

TEST_F(CollateralClient, GivesEachDocumentAsItWasSigned) {
    const evidence::Collateral texts = vendor_.documents();
    EXPECT_EQ(fetch(Item::TcbInfo)->text, texts.tcb_info);
    EXPECT_EQ(fetch(Item::TcbInfo)->chain, texts.tcb_info_issuer_chain);
    EXPECT_EQ(fetch(Item::QeIdentity)->text, texts.qe_identity);
    EXPECT_EQ(fetch(Item::PckCrl)->text, texts.pck_crl);
    EXPECT_EQ(fetch(Item::RootCrl)->text, texts.root_ca_crl);
    for (const Item item : kItems)
        EXPECT_EQ(rule(item), "") << to_text(item);
}

TEST_F(CollateralClient, StatusesHaveRulesOfTheirOwn) {
    for (const auto& [code, want] : std::map<int, std::string_view>{{404, "E_COLLATERAL_UNKNOWN"},
                                                                     {410, "E_COLLATERAL_GONE"},
                                                                     {301, "E_COLLATERAL_REDIRECT"},
                                                                     {302, "E_COLLATERAL_REDIRECT"},
                                                                     {204, "E_COLLATERAL_SERVICE"},
                                                                     {401, "E_COLLATERAL_SERVICE"},
                                                                     {429, "E_COLLATERAL_SERVICE"},
                                                                     {500, "E_COLLATERAL_SERVICE"},
                                                                     {503, "E_COLLATERAL_SERVICE"}}) {
        status(code);
        for (const Item item : {Item::TcbInfo, Item::QeIdentity, Item::PckCrl})
            EXPECT_EQ(rule(item), want) << code;
    }
}

TEST_F(CollateralClient, TheOlderNameOfTheHeaderIsKnown) {
    vendor_.bend[Item::TcbInfo] = [](net::Response& r) {
        const std::string value(r.head.headers.get("TCB-Info-Issuer-Chain"));
        r.head.headers.clear();
        r.head.headers.add("SGX-TCB-Info-Issuer-Chain", value);
    };
    EXPECT_EQ(rule(Item::TcbInfo), "");
}

TEST_F(CollateralClient, AMissingOrDoubleHeaderIsRefused) {
    for (const Item item : {Item::TcbInfo, Item::QeIdentity, Item::PckCrl}) {
        vendor_.bend[item] = [](net::Response& r) { r.head.headers.clear(); };
        EXPECT_EQ(rule(item), "E_COLLATERAL_HEADER");
        vendor_.bend[item] = [item](net::Response& r) {
            const std::string value(r.head.headers.get(chain_headers(item)[0]));
            r.head.headers.add(chain_headers(item)[0], value);
        };
        EXPECT_EQ(rule(item), "E_COLLATERAL_HEADER");
    }
}

TEST_F(CollateralClient, AChainThatIsEncodedTwiceOrCutIsNone) {
    for (const Item item : {Item::TcbInfo, Item::QeIdentity, Item::PckCrl}) {
        for (const bool cut : {true, false}) {
            vendor_.bend[item] = [item, cut](net::Response& r) {
                const std::string value(r.head.headers.get(chain_headers(item)[0]));
                r.head.headers.set(chain_headers(item)[0], cut ? value.substr(0, value.size() / 2)
                                                               : testing::percent_encoded(value));
            };
            EXPECT_EQ(rule(item), "E_CERT_PARSE");
        }
    }
}

TEST_F(CollateralClient, WhatIsNotTheWrapperIsRefused) {
    const std::string text = vendor_.documents().tcb_info;
    for (const std::string& bad :
         {std::string("<html><body>please log in</body></html>"), std::string("{}"), std::string(),
          R"({"tcbInfo":"x","signature":"00"})" + std::string(), R"({"tcbInfo":)" + text + "}",
          R"({"tcbInfo":)" + text + R"(,"signature":7})", R"({"tcbInfo":)" + text + R"(,"tcbInfo":{},"signature":""})",
          R"({"enclaveIdentity":)" + text + R"(,"signature":""})", std::string(kMaxDocument + 1, ' ')}) {
        body(Item::TcbInfo, bad);
        EXPECT_EQ(rule(Item::TcbInfo), "E_COLLATERAL_ANSWER") << bad.substr(0, 60);
    }
}

TEST_F(CollateralClient, TextsAreCutOutAndNotWrittenAnew) {
    // Spaces and another order around the signed text change nothing, inside it everything.
    const evidence::Collateral texts = vendor_.documents();
    body(Item::TcbInfo, "{ \"signature\" : \"" + texts.tcb_info_signature + "\",\n\"tcbInfo\" :  " +
                            texts.tcb_info + " }");
    EXPECT_EQ(rule(Item::TcbInfo), "");
    body(Item::TcbInfo, R"({"tcbInfo":)" + testing::replaced(texts.tcb_info, ",", ", ") +
                            R"(,"signature":")" + texts.tcb_info_signature + "\"}");
    EXPECT_EQ(rule(Item::TcbInfo), "E_TCBINFO_SIGNATURE");
}

TEST_F(CollateralClient, RevocationListsComeInThreeEncodings) {
    for (const Item item : {Item::PckCrl, Item::RootCrl}) {
        const evidence::Collateral texts = vendor_.documents();
        const std::string& hex = item == Item::PckCrl ? texts.pck_crl : texts.root_ca_crl;
        const Bytes der = from_hex(hex).value_or(Bytes{});
        for (const std::string& form : {hex, hex + "\n", std::string(as_text(der)),
                                        crypto::der::to_pem("X509 CRL", der)}) {
            body(item, form);
            EXPECT_EQ(rule(item), "");
            EXPECT_EQ(fetch(item)->text, hex);
        }
        for (const std::string& bad : {to_hex(as_bytes(hex)), hex + "00", hex + "0", std::string(),
                                       std::string("<html>"), hex.substr(0, hex.size() / 2),
                                       std::string(as_text(der)) + "x",
                                       crypto::der::to_pem("CERTIFICATE", der)}) {
            body(item, bad);
            EXPECT_EQ(rule(item), "E_CRL_PARSE") << bad.substr(0, 40);
        }
    }
}

TEST_F(CollateralClient, WithoutAListOfTheServiceTheRootSaysWhereItIs) {
    vendor_.bend[Item::RootCrl] = [](net::Response& r) { r.head.status = 404; };
    EXPECT_EQ(rule(Item::RootCrl), "");
    ASSERT_EQ(vendor_.urls.size(), 1U);
    EXPECT_EQ(vendor_.urls.front(), "https://simulated.invalid/IntelSGXRootCA.der");
}

TEST_F(CollateralClient, DocumentsOfSomebodyElseAreRefused) {
    vendor_.bend_tcb = [](std::string t) { return testing::replaced(std::move(t), "53494D", "53494E"); };
    EXPECT_EQ(rule(Item::TcbInfo), "E_TCBINFO_MISMATCH");
    vendor_.bend_tcb = nullptr;
    vendor_.bend_qe = [](std::string t) { return testing::replaced(std::move(t), "TD_QE", "QE"); };
    EXPECT_EQ(rule(Item::QeIdentity), "E_QEID_MISMATCH");
    // The list of the other authority, or a list with the root as its issuer.
    vendor_.bend[Item::PckCrl] = [this](net::Response& r) {
        r.body = to_bytes(as_bytes(vendor_.documents().root_ca_crl));
    };
    EXPECT_EQ(rule(Item::PckCrl), "E_CRL_ISSUER");
    vendor_.bend[Item::PckCrl] = [this](net::Response& r) {
        r.head.headers.set("SGX-PCK-CRL-Issuer-Chain",
                           testing::percent_encoded(vendor_.documents().tcb_info_issuer_chain));
    };
    EXPECT_EQ(rule(Item::PckCrl), "E_CERT_EXTENSION");
}

TEST_F(CollateralClient, EverySingleBitOfASignatureCounts) {
    for (std::size_t at : {0U, 63U, 127U}) {
        vendor_.bend[Item::QeIdentity] = [at](net::Response& r) {
            std::string text(as_text(r.body));
            const std::size_t start = text.rfind("\"signature\":\"") + 13;
            text[start + at] = text[start + at] == '0' ? '1' : '0';
            r.body = to_bytes(as_bytes(text));
        };
        EXPECT_EQ(rule(Item::QeIdentity), "E_QEID_SIGNATURE");
    }
}

TEST_F(CollateralClient, AnotherRootIsNotBelieved) {
    const auto document = fetch(Item::TcbInfo);
    ASSERT_TRUE(document);
    for (const Item item : kItems) {
        const auto checked = check(*fetch(item), vendor_.request(), verify::RootPins());
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().rule, "E_CHAIN_ROOT_UNTRUSTED");
    }
}

TEST_F(CollateralClient, OnlyHttpsLeavesTheMachine) {
    for (const std::string_view bad : {"http://example.invalid", "ftp://x", "", "https://", "https://u:p@x",
                                       "http://192.0.2.1:8081/sgx/certification/v4"})
        EXPECT_EQ(HttpTransport::open(bad, {}).error().rule, "E_COLLATERAL_URL") << bad;
    for (const std::string_view good : {"http://127.0.0.1:8081", "http://localhost/sgx/certification/v4/",
                                        "http://[::1]:1", "unix:/tmp/x.sock"})
        EXPECT_TRUE(HttpTransport::open(good, {})) << good;
}

TEST_F(CollateralClient, ACancelledTransportAnswersNoMore) {
    const auto transport = HttpTransport::open("http://127.0.0.1:9", {});
    ASSERT_TRUE(transport);
    (*transport)->cancel();
    EXPECT_EQ((*transport)->get("/x").error().rule, "E_NET_CANCELLED");
}

}  // namespace
}  // namespace lumoz::collateral

// SPDX-License-Identifier: Apache-2.0
// Bundles bent in each member, and what a whole bundle says part by part.
#include "verify/bundle.hpp"
#include "verify/test_bends.hpp"
#include "verify/test_exchange.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using testing::Approved;
using testing::demand;
using testing::difference;
using testing::document;
using testing::Exchange;
using testing::kNow;
using testing::nonce_of;
using testing::said;
using testing::Said;
using testing::Service;
using testing::tee;

Said verified(std::string_view text, UnixTime now = kNow + 100) {
    ReportDemand d = demand(std::nullopt);
    d.now = now;
    return said(verify_bundle(text, d));
}

/// A service, one exchange with it, and the bundle of both.
struct Saved {
    Service service;
    Exchange exchange;
    std::string report, keyset = service.keyset.canonical(), collateral = "null";
    std::string nonce = json::quoted(to_hex(nonce_of(9).view()));
    std::vector<std::string> proofs, receipts;

    explicit Saved(std::string_view form) {
        using Form = evidence::BindingForm;
        if (form == "stored") report = service.stored(kNow), nonce = "null";
        if (form == "lumoz") report = document(service.members(nonce_of(9), Form::Lumoz));
        if (form == "plain") report = document(service.members(nonce_of(9), Form::Plain));
        if (form == "none") report = R"({"intel_quote":"00"})";
    }
    [[nodiscard]] std::string receipt(UnixTime served_at) const {
        return exchange.receipt(service, [&](std::string& text) {
            const std::string was = std::to_string(kNow);
            text.replace(text.find(was), was.size(), std::to_string(served_at));
        });
    }
    [[nodiscard]] std::string text() const {
        std::string out = R"({"lumoz_bundle":1,"made_at":)" + std::to_string(kNow) +
                          R"(,"url":"https://example.com","nonce":)" + nonce +
                          R"(,"tls_spki_sha256":null,"report":)" + report + R"(,"collateral":)" + collateral +
                          R"(,"keyset":)" + keyset + R"(,"answers":[)";
        for (const std::string& proof : proofs)
            out += (out.back() == '[' ? "" : ",") + std::string(R"({"request_base64":")") +
                   to_base64(as_bytes(exchange.request)) + R"(","response_base64":")" +
                   to_base64(as_bytes(exchange.response)) + R"(","proof":)" + proof + "}";
        out += R"(],"receipts":[)";
        for (const std::string& receipt : receipts)
            out += (out.back() == '[' ? "" : ",") + receipt;
        return out + "]}";
    }
};

TEST(BundleBends, WhatIsReadOfABundle) {
    Saved saved("none");
    saved.collateral = tee().collateral().to_json();
    saved.proofs = {R"({"signatures":[]})"};
    saved.receipts = {saved.receipt(kNow)};
    constexpr std::string_view kWhole[] = {"collateral", "keyset", "proof", "receipts"};
    Approved("bundle_read").bends(saved.text(), kWhole, [](std::string_view text) { return verified(text); });
}

TEST(BundleBends, WhatIsNoBundleAndLimits) {
    Approved approved("bundle_others");
    for (const char* text :
         {"", "{", "[]", "{}", R"({"lumoz_bundle":1})", R"({"lumoz_bundle":1,"made_at":0,"report":{}})",
          R"({"lumoz_bundle":1,"made_at":253402300799,"report":{}})",
          R"({"lumoz_bundle":1,"made_at":253402300800,"report":{}})",
          R"({"lumoz_bundle":1,"made_at":1,"report":{},"url":""})"})
        approved.line(text, difference({}, verified(text)));
    const auto detail = [](const char* name, std::size_t count) {
        std::string text = R"({"lumoz_bundle":1,"made_at":0,"report":{},")" + std::string(name) + "\":[1";
        for (std::size_t i = 1; i < count; ++i)
            text += ",1";
        return verify_bundle(text + "]}", demand()).error()->detail;
    };
    EXPECT_EQ(detail("answers", 1024), "bundle: not an object");
    EXPECT_EQ(detail("answers", 1025), "answers: more than 1024");
    EXPECT_EQ(detail("receipts", 1024), "receipt: not an object");
    EXPECT_EQ(detail("receipts", 1025), "receipts: more than 1024");
    const auto url = [](std::size_t size) {
        const Verdict got = verify_bundle(
            R"({"lumoz_bundle":1,"made_at":0,"report":{},"url":")" + std::string(size, 'u') + "\"}",
            demand());
        return got.established("url")->size() - 2;
    };
    EXPECT_EQ(url(2048), 2048U);
    EXPECT_EQ(url(2049), 2048U);
    const std::string name(65, 'n');
    EXPECT_EQ(verify_bundle("{\"" + name + "\":1}", demand()).error()->detail,
              name.substr(0, 64) + ": unknown member");
}

void parts_beside(const char* form) {
    Approved approved("bundle_parts_" + std::string(form));
    const Saved bare(form);
    const Said alone = verified(bare.text());
    approved.whole(std::string(form) + ", alone", alone);
    const auto line = [&](const char* what, const std::function<void(Saved&)>& bend,
                          UnixTime now = kNow + 100) {
        Saved saved(form);
        bend(saved);
        approved.line(std::string(form) + ", " + what, difference(alone, verified(saved.text(), now)));
    };
    line("no keyset", [](Saved& s) { s.keyset = "null"; });
    line("another keyset", [](Saved& s) {
        evidence::Keyset other = s.service.keyset;
        ++other.not_after;
        s.keyset = other.canonical();
    });
    line("made now", [](Saved&) {}, kNow);
    line("made later than now", [](Saved&) {}, kNow - 1);
    line("an answer", [](Saved& s) { s.proofs = {s.exchange.proof(s.service)}; });
    line("an answer and a bad one", [](Saved& s) { s.proofs = {s.exchange.proof(s.service), "{}"}; });
    line("an answer signed by a stranger beside a good receipt", [](Saved& s) {
        const auto stranger = *crypto::Secp256k1Key::from(testing::seed<crypto::Secp256k1Seed>(7));
        s.proofs = {R"({"signatures":[)" + s.exchange.ecdsa(stranger) + R"(],"receipt":)" + s.receipt(kNow) +
                    "}"};
    });
    line("an unreadable proof", [](Saved& s) { s.proofs = {R"({"signatures":7})"}; });
    line("an answer served at the end",
         [](Saved& s) { s.proofs = {R"({"receipt":)" + s.receipt(kNow + 100) + "}"}; });
    line("an answer served later than now",
         [](Saved& s) { s.proofs = {R"({"receipt":)" + s.receipt(kNow + 101) + "}"}; });
    line("receipts", [](Saved& s) { s.receipts = {s.receipt(kNow), s.receipt(kNow + 100)}; });
    line("a receipt of later than now", [](Saved& s) { s.receipts = {s.receipt(kNow + 101)}; });
    line("a receipt of others", [](Saved& s) {
        s.receipts = {s.receipt(kNow)};
        s.receipts[0].replace(s.receipts[0].find("rcpt-1"), 6, "rcpt-2");
    });
}

TEST(BundleBends, EachPartBesideStoredEvidence) {
    parts_beside("stored");
}

TEST(BundleBends, EachPartBesideAReportOfOurs) {
    parts_beside("lumoz");
}

TEST(BundleBends, EachPartBesideAPlainReport) {
    parts_beside("plain");
}

TEST(BundleBends, EachPartBesideNoEvidence) {
    parts_beside("none");
}

TEST(BundleBends, IsMadeOfItsParts) {
    BundleParts parts;
    parts.made_at = 7;
    parts.report = R"( {"a":1} )";
    EXPECT_EQ(*make_bundle(parts), R"({"lumoz_bundle":1,"made_at":7,"report":{"a":1}})");
    parts.url = "u";
    parts.nonce = Nonce();
    parts.tls_spki = Digest256();
    parts.collateral = "{}";
    parts.keyset = "[]";
    const std::string zeros = json::quoted(std::string(64, '0'));
    EXPECT_EQ(*make_bundle(parts), R"({"lumoz_bundle":1,"made_at":7,"url":"u","nonce":)" + zeros +
                                       R"(,"tls_spki_sha256":)" + zeros +
                                       R"(,"report":{"a":1},"collateral":{},"keyset":[]})");
    for (const char* report : {"", "{", "[]", "7"}) {
        parts.report = report;
        EXPECT_EQ(make_bundle(parts).error().detail, "report: not a JSON object") << report;
    }
}

}  // namespace
}  // namespace lumoz::verify

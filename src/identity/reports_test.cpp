// SPDX-License-Identifier: Apache-2.0
#include "identity/reports.hpp"

#include "base/json.hpp"
#include "evidence/cmw.hpp"
#include "identity/collateral_file.hpp"
#include "identity/testing.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>

namespace lumoz::identity {
namespace {

using evidence::BindingForm;

constexpr json::Limits kLarge{.max_bytes = std::size_t{8} << 20, .max_depth = 32};

class ReportsFixture : public ::testing::Test {
protected:
    SharedText get(const ReportQuery& query) {
        std::promise<Result<SharedText>> promise;
        reports_.report(query, [&](Result<SharedText> text) { promise.set_value(std::move(text)); });
        Result<SharedText> text = promise.get_future().get();
        return text ? *text : nullptr;
    }
    /// Waits until a renewal in the background is through: its callback ran before the next quote began.
    void settle(int quotes) {
        device_.wait_for(quotes);
        ReportData last;
        last.bytes.fill(0xee);
        [[maybe_unused]] const auto evidence = attestor_.quote_blocking(last);
    }
    testing::Service service_;
    testing::ScriptedDevice device_;
    CollateralFile collateral_{"", service_.clock};
    Attestor attestor_{device_};
    Reports reports_{service_.identity, {"tdx", R"({"app_id":"a"})"}, attestor_, collateral_, service_.clock};
};
using ReportsService = ReportsFixture;

TEST_F(ReportsService, WithANonceEvidenceIsAlwaysFresh) {
    ReportQuery query;
    query.nonce = Nonce{};
    const auto first = get(query);
    const auto second = get(query);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(device_.quotes(), 2);
    EXPECT_EQ(reports_.counters().cache_hits, 0U);
}

TEST_F(ReportsService, EqualRequestsAtOnceShareOneQuote) {
    device_.stop();
    std::latch all(4);
    ReportQuery query;
    query.nonce = Nonce{};
    for (int i = 0; i < 4; ++i)
        reports_.report(query, [&](const Result<SharedText>& text) {
            EXPECT_TRUE(text);
            all.count_down();
        });
    device_.go();
    all.wait();
    EXPECT_EQ(device_.quotes(), 1);
}

TEST_F(ReportsService, WithoutANonceItIsKeptAndRenewedAtHalfItsTime) {
    const auto first = get({});
    EXPECT_EQ(get({}), first);
    EXPECT_EQ(device_.quotes(), 1);
    service_.clock.time += 149;
    EXPECT_EQ(get({}), first);
    EXPECT_EQ(device_.quotes(), 1);
    service_.clock.time += 1;
    EXPECT_EQ(get({}), first);  // served at once, renewed behind it
    settle(2);
    const auto second = get({});
    EXPECT_NE(second, first);
    EXPECT_EQ(device_.quotes(), 3);  // one of them is settle's
    service_.clock.time += 300;
    const auto third = get({});
    EXPECT_NE(third, second);
    EXPECT_EQ(device_.quotes(), 4);
}

TEST_F(ReportsService, EachFormAndKeyHasItsOwnCopy) {
    get({});
    get({ReportKey::Ed25519, std::nullopt, BindingForm::Plain});
    get({ReportKey::Ecdsa, std::nullopt, BindingForm::Tls});
    get({ReportKey::Ecdsa, std::nullopt, BindingForm::Lumoz});
    EXPECT_EQ(device_.quotes(), 4);
}

TEST_F(ReportsService, TheServersOwnNonceIsBoundAndShown) {
    const auto text = get({});
    ASSERT_TRUE(text);
    const auto document = json::Document::parse(*text, kLarge);
    const std::string nonce = *document->root().find("request_nonce")->as_string();
    EXPECT_EQ(nonce.size(), 64U);
    const std::string quote = *document->root().find("intel_quote")->as_string();
    EXPECT_TRUE(quote.ends_with(nonce));  // report_data[32:64] of the scripted quote
    EXPECT_NE(nonce, std::string(64, '0'));
}

TEST_F(ReportsService, LumozFormWithoutANonceBindsNone) {
    const auto text = get({ReportKey::Ecdsa, std::nullopt, BindingForm::Lumoz});
    ASSERT_TRUE(text);
    const auto document = json::Document::parse(*text, kLarge);
    EXPECT_TRUE(document->root().find("request_nonce")->is_null());
}

TEST_F(ReportsService, AFailedRenewalLeavesTheKeptOneUntilItsEnd) {
    const auto first = get({});
    device_.fail_from_now(true);
    service_.clock.time += 200;
    EXPECT_EQ(get({}), first);
    settle(2);
    EXPECT_EQ(get({}), first);
    settle(4);
    service_.clock.time += 100;
    EXPECT_EQ(get({}), nullptr);
    device_.fail_from_now(false);
    EXPECT_NE(get({}), nullptr);
}

TEST_F(ReportsService, AClockThatGoesBackEndsTheKeptOne) {
    const auto first = get({});
    service_.clock.time -= 10;
    EXPECT_NE(get({}), first);
}

TEST_F(ReportsService, AciDocumentsWithAndWithoutNonce) {
    std::promise<SharedText> promise;
    reports_.aci_attestation(std::nullopt, [&](const Result<SharedText>& text) { promise.set_value(*text); });
    const auto text = promise.get_future().get();
    const auto document = json::Document::parse(*text, kLarge);
    ASSERT_TRUE(document);
    EXPECT_EQ(document->root().find("workload_keyset_digest")->as_string(), service_.identity.keyset_digest);
    EXPECT_NE(text->find(R"(\"nonce\":null)"), std::string::npos);
}

TEST_F(ReportsService, BirthEvidenceIsACollection) {
    const auto text = reports_.birth_evidence();
    ASSERT_TRUE(text);
    EXPECT_TRUE(evidence::parse_cmw(*text));
    device_.fail_from_now(true);
    EXPECT_EQ(reports_.birth_evidence().error().rule, "E_TEE_TIMEOUT");
}

TEST_F(ReportsService, InformationThatIsNoJsonObjectIsLeftOut) {
    Reports other(service_.identity, {"tdx", "[1"}, attestor_, collateral_, service_.clock);
    std::promise<SharedText> promise;
    other.report({}, [&](const Result<SharedText>& text) { promise.set_value(*text); });
    const auto text = promise.get_future().get();
    const auto document = json::Document::parse(*text, kLarge);
    ASSERT_TRUE(document);
    EXPECT_EQ(document->root().find("info")->raw(), "{}");
}

}  // namespace
}  // namespace lumoz::identity

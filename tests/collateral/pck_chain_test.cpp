// SPDX-License-Identifier: Apache-2.0
#include "collateral/pck_chain.hpp"

#include "evidence/collateral.hpp"
#include "evidence/pcs_answer.hpp"
#include "tests/collateral/fake_vendor.hpp"

#include <gtest/gtest.h>

namespace lumoz::collateral {
namespace {

constexpr std::string_view kHeader = "SGX-PCK-Certificate-Issuer-Chain";

/// A service that has one PCK certificate.
class PckService final : public Transport {
public:
    explicit PckService(const std::string& chain) {
        const std::size_t end = chain.find("-----BEGIN", 1);
        leaf = chain.substr(0, end);
        issuers = chain.substr(end);
    }
    Result<net::Response> get(std::string_view target) override {
        asked = target;
        net::Response response;
        response.head.status = status;
        response.head.headers.add(kHeader, testing::percent_encoded(issuers));
        if (twice) response.head.headers.add(kHeader, testing::percent_encoded(issuers));
        response.body = to_bytes(as_bytes(leaf));
        return response;
    }
    Result<net::Response> get_url(std::string_view) override { return get("elsewhere"); }

    std::string leaf, issuers, asked;
    int status = 200;
    bool twice = false;
};

/// A synthetic quote of the vectors and the chain of its platform.
struct Case {
    explicit Case(const std::string& name) {
        const auto vectors = lumoz::testing::vectors_dir();
        if (!vectors) return;
        const std::string bytes = lumoz::testing::read_file(*vectors / "tdx/quotes/syn" / (name + ".bin"));
        quote = to_bytes(as_bytes(bytes));
        const auto collateral = evidence::Collateral::parse(
            lumoz::testing::read_file(*vectors / "tdx/collateral/syn" / (name + ".json")));
        if (collateral) chain = collateral->pck_certificate_chain;
    }
    Bytes quote;
    std::string chain;
};

std::string rule(const Result<PlatformOfQuote>& result) {
    return result ? std::string() : std::string(result.error().rule);
}

TEST(PckChain, TheServiceIsAskedByWhatTheQuoteSays) {
    const Case c("ok-certtype3");
    if (c.quote.empty()) GTEST_SKIP() << "no shared vectors";
    const auto target = pck_target(c.quote);
    ASSERT_TRUE(target && *target);
    EXPECT_TRUE((*target)->starts_with("/sgx/certification/v4/pckcert?qeid="));
    const std::size_t ppid = (*target)->find("&encrypted_ppid=");
    EXPECT_EQ(ppid, std::string_view("/sgx/certification/v4/pckcert?qeid=").size() + 32);
    EXPECT_EQ((*target)->find("&cpusvn=") - ppid, std::string_view("&encrypted_ppid=").size() + 2 * 384);
    EXPECT_EQ((*target)->size() - (*target)->find("&cpusvn="),
              std::string_view("&cpusvn=&pcesvn=&pceid=").size() + 2 * 20);

    PckService service(c.chain);
    const auto found = find_platform(&service, c.quote);
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(service.asked, **target);
    const auto direct = evidence::platform_of(c.quote, c.chain);
    ASSERT_TRUE(direct);
    EXPECT_EQ(found->platform.fmspc, direct->fmspc);
    EXPECT_EQ(found->platform.ca, direct->ca);
    EXPECT_EQ(evidence::split_certificates(found->pck_chain)->size(), 3U);
    EXPECT_EQ(*evidence::split_certificates(found->pck_chain), *evidence::split_certificates(c.chain));
}

TEST(PckChain, AnIdInTheClearIsNotSent) {
    const Case c("ok-certtype1");
    if (c.quote.empty()) GTEST_SKIP() << "no shared vectors";
    const auto target = pck_target(c.quote);
    ASSERT_TRUE(target && *target);
    EXPECT_EQ((*target)->find("ppid"), std::string::npos);
    const Case without("certtype1-without-pceid");
    EXPECT_EQ(pck_target(without.quote).error().rule, "E_QUOTE_CERT_TYPE");
}

TEST(PckChain, AQuoteThatBringsItsChainAsksNobody) {
    const Case c("ok-v4-sgx");
    if (c.quote.empty()) GTEST_SKIP() << "no shared vectors";
    const auto target = pck_target(c.quote);
    ASSERT_TRUE(target);
    EXPECT_FALSE(*target);
    PckService service("-----BEGIN x-----BEGIN y");
    const auto found = find_platform(&service, c.quote);
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(service.asked, "");
    EXPECT_EQ(found->pck_chain, "");
    EXPECT_EQ(pck_target(Bytes{1, 2, 3}).error().rule, "E_QUOTE_VERSION");
}

TEST(PckChain, WithoutAServiceThereIsNoPlatform) {
    const Case c("ok-certtype3");
    if (c.quote.empty()) GTEST_SKIP() << "no shared vectors";
    EXPECT_EQ(rule(find_platform(nullptr, c.quote)), "E_COLLATERAL_NEEDS");
}

TEST(PckChain, BadAnswersAreRefusedByName) {
    const Case c("ok-certtype3");
    if (c.quote.empty()) GTEST_SKIP() << "no shared vectors";
    const auto bent = [&](const std::function<void(PckService&)>& bend) {
        PckService service(c.chain);
        bend(service);
        return rule(find_platform(&service, c.quote));
    };
    EXPECT_EQ(bent([](PckService&) {}), "");
    EXPECT_EQ(bent([](PckService& s) { s.status = 404; }), "E_COLLATERAL_UNKNOWN");
    EXPECT_EQ(bent([](PckService& s) { s.status = 302; }), "E_COLLATERAL_REDIRECT");
    EXPECT_EQ(bent([](PckService& s) { s.status = 500; }), "E_COLLATERAL_SERVICE");
    EXPECT_EQ(bent([](PckService& s) { s.twice = true; }), "E_COLLATERAL_HEADER");
    EXPECT_EQ(bent([](PckService& s) { s.leaf += s.leaf; }), "E_COLLATERAL_ANSWER");
    EXPECT_EQ(bent([](PckService& s) { s.leaf = "no certificate"; }), "E_COLLATERAL_ANSWER");
    EXPECT_EQ(bent([](PckService& s) { s.issuers = s.leaf; }), "E_COLLATERAL_ANSWER");
    EXPECT_EQ(bent([](PckService& s) { s.leaf.pop_back(); }), "");
}

}  // namespace
}  // namespace lumoz::collateral

// SPDX-License-Identifier: Apache-2.0
// Prepared collateral answers as a verification from nothing does, however the PCK chain is written, and may
// be used by many threads at once.
#include "base/testing.hpp"
#include "verify/tdx.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace lumoz::verify {
namespace {

/// A quote without certificates, so that the chain is a text of the collateral.
struct Case {
    std::string quote;
    evidence::Collateral collateral;
    RootPins roots;
    UnixTime now = 0;
};

std::optional<Case> load() {
    const auto dir = testing::vectors_dir();
    if (!dir) return std::nullopt;
    const auto file = [&](const char* name) { return testing::read_file(*dir / "tdx" / name); };
    Case out;
    out.quote = file("quotes/syn/ok-certtype1.bin");
    auto collateral = evidence::Collateral::parse(file("collateral/syn/certtype1-without-pceid.json"));
    const auto root = evidence::Certificate::parse(as_bytes(file("roots/synthetic-root-ca.der")));
    const auto now = parse_rfc3339("2026-01-15T00:00:00Z");
    if (!collateral || !root || !now) return std::nullopt;
    out.collateral = std::move(*collateral);
    out.roots.also_accept(root->spki_digest());
    out.now = *now;
    return out;
}

std::string answer(const TdxVerdict& verdict) {
    const auto error = verdict.verdict.error();
    return error ? std::string(error->rule) + " " + error->detail : "accepted";
}

TEST(PreparedCollateral, AnswersAsFromNothingHoweverTheChainIsWritten) {
    auto c = load();
    if (!c) GTEST_SKIP() << "no shared vectors";
    const std::string chain = c->collateral.pck_certificate_chain;
    const std::string nul(1, '\0');
    const std::size_t second = chain.find("-----BEGIN", 1);
    const std::size_t third = chain.find("-----BEGIN", second + 1);
    ASSERT_NE(third, std::string::npos);
    const std::string leaf = chain.substr(0, second), ca = chain.substr(second, third - second),
                      root = chain.substr(third);
    // The issuers as they stand in the quote's chain: what the short way compares with.
    c->collateral.pck_crl_issuer_chain = ca + root;
    std::string crlf;
    for (const char ch : chain)
        crlf += ch == '\n' ? std::string("\r\n") : std::string(1, ch);
    const std::string variants[] = {chain,
                                    chain + nul,
                                    chain + "\n" + nul + nul,
                                    chain + nul + "\n",
                                    chain + " ",
                                    chain.substr(0, chain.find_last_not_of('\n') + 1),
                                    crlf,
                                    leaf + "\n\r\n" + ca + root,
                                    leaf + " " + ca + root,
                                    leaf + nul + ca + root,
                                    leaf + nul + "\n" + ca + root,
                                    leaf.substr(0, leaf.find_last_not_of('\n') + 1) + ca + root,
                                    "\n" + chain,
                                    " " + chain,
                                    leaf + leaf + ca + root,
                                    leaf + root + ca,
                                    ca + leaf + root,
                                    ca + root,
                                    leaf + ca,
                                    leaf + root,
                                    leaf + ca + root + root,
                                    leaf.substr(1) + ca + root,
                                    "x" + ca + root,
                                    "\n" + ca + root};
    std::size_t accepted = 0;
    for (const std::string& variant : variants) {
        c->collateral.pck_certificate_chain = variant;
        const auto prepared = PreparedCollateral::prepare(c->collateral, c->roots);
        const std::string warm = answer(verify_tdx(as_bytes(c->quote), prepared, c->now));
        EXPECT_EQ(warm, answer(verify_tdx(as_bytes(c->quote), c->collateral, c->roots, c->now))) << variant;
        accepted += warm == "accepted" ? 1U : 0U;
    }
    EXPECT_EQ(accepted, 7U);
}

TEST(PreparedCollateral, IsSharedByThreads) {
    const auto c = load();
    if (!c) GTEST_SKIP() << "no shared vectors";
    const auto prepared = PreparedCollateral::prepare(c->collateral, c->roots);
    std::array<unsigned, 4> accepted{};
    {
        std::vector<std::jthread> pool;
        for (unsigned& count : accepted)
            pool.emplace_back([&] {
                for (int i = 0; i < 25; ++i)
                    count += verify_tdx(as_bytes(c->quote), prepared, c->now).tdx ? 1U : 0U;
            });
    }
    for (const unsigned count : accepted)
        EXPECT_EQ(count, 25U);
}

}  // namespace
}  // namespace lumoz::verify

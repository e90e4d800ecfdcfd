// SPDX-License-Identifier: Apache-2.0
#include "identity/query.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/testing.hpp"
#include "identity/testing.hpp"

#include <gtest/gtest.h>

#include <random>

namespace lumoz::identity {
namespace {

using evidence::BindingForm;

constexpr json::Limits kLarge{.max_bytes = std::size_t{8} << 20, .max_depth = 24};

class QueryFixture : public ::testing::Test {
protected:
    /// The error's rule and message, or "ok".
    std::string outcome(std::string_view query) const {
        const auto parsed = parse_report_query(query, service_.identity);
        return parsed ? "ok" : std::string(parsed.error().rule) + ": " + parsed.error().detail;
    }
    const testing::Service service_;
};
using Query = QueryFixture;

TEST_F(Query, FormsAreChosenByTheirParameters) {
    const auto form = [&](std::string_view query) {
        return parse_report_query(query, service_.identity)->form;
    };
    EXPECT_EQ(form(""), BindingForm::Plain);
    EXPECT_EQ(form("version=1"), BindingForm::Plain);
    EXPECT_EQ(form("version=2"), BindingForm::Tls);
    EXPECT_EQ(form("include_tls_fingerprint=true"), BindingForm::Tls);
    EXPECT_EQ(form("include_tls_fingerprint=false"), BindingForm::Plain);
    EXPECT_EQ(form("binding=lumoz"), BindingForm::Lumoz);
    EXPECT_EQ(form("binding=lumoz&include_tls_fingerprint=true"), BindingForm::Lumoz);
}

TEST_F(Query, RefusesWhatItDoesNotOffer) {
    EXPECT_EQ(outcome("binding=other"), "E_QUERY_BINDING: Invalid binding. Must be 'lumoz'");
    EXPECT_EQ(outcome("version=3"), "E_QUERY_VERSION: Invalid version. Must be '1' or '2'");
    EXPECT_EQ(outcome("channel=exporter"), "E_QUERY_CHANNEL: No channel binding is offered by this service");
    EXPECT_EQ(outcome("signing_algo=rsa"),
              "E_QUERY_ALGO: Invalid signing algorithm. Must be 'ed25519' or 'ecdsa'");
    EXPECT_EQ(outcome("signing_algo="),
              "E_QUERY_ALGO: Invalid signing algorithm. Must be 'ed25519' or 'ecdsa'");
}

TEST_F(Query, WithoutTlsListenerTheFingerprintCannotBeBound) {
    const testing::Service plain(false);
    for (const char* query : {"include_tls_fingerprint=true", "version=2"}) {
        const auto refused = parse_report_query(query, plain.identity);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().rule, "E_QUERY_TLS");
        EXPECT_EQ(refused.error().code, Errc::Malformed);
    }
    EXPECT_TRUE(parse_report_query("binding=lumoz", plain.identity));
}

TEST_F(Query, HostileQueriesGetAPreciseError) {
    EXPECT_EQ(outcome("nonce=%zz"), "E_QUERY: Malformed percent-encoding in the query");
    EXPECT_EQ(outcome("nonce=%4"), "E_QUERY: Malformed percent-encoding in the query");
    EXPECT_EQ(outcome("a=%"), "E_QUERY: Malformed percent-encoding in the query");
    EXPECT_EQ(outcome("nonce=00&nonce=00"), "E_QUERY: Query parameter given twice");
    EXPECT_EQ(outcome(std::string(9000, 'a')), "E_QUERY: Query too long");
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += "a=1&";
    EXPECT_EQ(outcome(many), "E_QUERY: Too many query parameters");
    EXPECT_EQ(outcome("nonce="), "E_QUERY_NONCE: Nonce must be 32 bytes");
    EXPECT_EQ(outcome("nonce=abc"), "E_QUERY_NONCE: Nonce must be hex-encoded");
    EXPECT_EQ(outcome("&&=&=x&unknown"), "ok");
}

TEST_F(Query, ParametersArePercentDecoded) {
    EXPECT_EQ(outcome("signing_algo=ed%32551%39"), "ok");
    EXPECT_EQ(outcome("signing%5falgo=ecdsa"), "ok");
}

TEST_F(Query, AnyBytesAreAnswered) {
    const std::array<std::string_view, 18> pieces = {
        "nonce", "=",    "&",       "%",       "00",      "signing_algo",
        "ecdsa", "+",    "version", "2",       "%00",     "binding",
        "lumoz", "\xff", "channel", "%6eonce", "ed25519", "include_tls_fingerprint"};
    std::mt19937 random(11);
    for (int round = 0; round < 20000; ++round) {
        std::string query;
        for (std::size_t n = random() % 24; n > 0; --n)
            query += pieces[random() % pieces.size()];
        const auto parsed = parse_report_query(query, service_.identity);
        if (!parsed) {
            ASSERT_TRUE(parsed.error().rule.starts_with("E_QUERY")) << query;
            ASSERT_FALSE(parsed.error().detail.empty()) << query;
        }
        [[maybe_unused]] const auto aci = parse_aci_nonce(query);
    }
}

TEST_F(Query, AgreesWithTheSharedVectors) {
    const auto dir = lumoz::testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors here; set LUMOZ_VECTORS";
    const std::string file = lumoz::testing::read_file(*dir / "api/attestation_query.json");
    const auto document = json::Document::parse(file, kLarge);
    ASSERT_TRUE(document);
    const std::string address = to_hex(service_.identity.v1_address.view());
    std::string upper = address;
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return c >= 'a' && c <= 'f' ? char(c - 32) : c; });
    const std::array<std::pair<std::string_view, std::string>, 3> names = {
        {{"{ecdsa_address}", "0x" + address},
         {"{ecdsa_address_upper_hex}", "0x" + upper},
         {"{ed25519_public_key}", to_hex(service_.identity.v1_ed25519.view())}}};
    for (const json::Value& item : document->root().find("cases")->elements()) {
        SCOPED_TRACE(*item.find("id")->as_string());
        std::string query = *item.find("query")->as_string();
        for (const auto& [name, value] : names) {
            if (const auto at = query.find(name); at != std::string::npos)
                query.replace(at, name.size(), value);
        }
        const auto parsed = parse_report_query(query, service_.identity);
        const std::int64_t status = *item.find("status")->as_int();
        ASSERT_EQ(parsed.has_value(), status == 200);
        if (parsed) continue;
        EXPECT_EQ(parsed.error().code == Errc::NotFound ? 404 : 400, status);
        EXPECT_EQ(parsed.error().detail, *item.find("error_message")->as_string());
    }
}

TEST(AciQuery, AgreesWithTheSharedVectors) {
    const auto dir = lumoz::testing::vectors_dir();
    if (!dir) GTEST_SKIP() << "no shared vectors here; set LUMOZ_VECTORS";
    const std::string file = lumoz::testing::read_file(*dir / "api/aci/attestation_query.json");
    const auto document = json::Document::parse(file, kLarge);
    ASSERT_TRUE(document);
    for (const json::Value& item : document->root().find("cases")->elements()) {
        SCOPED_TRACE(*item.find("id")->as_string());
        std::string query = "nonce=" + *item.find("nonce")->as_string();
        std::ranges::replace(query, ' ', '+');
        EXPECT_EQ(parse_aci_nonce(query).has_value(), *item.find("status")->as_int() == 200);
    }
    const auto none = parse_aci_nonce("");
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);
    EXPECT_EQ(parse_aci_nonce("nonce=0").error().rule, "E_QUERY_NONCE");
}

}  // namespace
}  // namespace lumoz::identity

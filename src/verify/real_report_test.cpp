// SPDX-License-Identifier: Apache-2.0
// A report of a real machine, with collateral of its time, and the edits that a verifier must see.
#include "base/hex.hpp"
#include "base/testing.hpp"
#include "verify/report.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

/// The document in the shape of the v1 report. Its quote carries 64 bytes 01, which is the plain form of an
/// Ed25519 key and a nonce of those bytes.
class RealReport {
public:
    explicit RealReport(const std::filesystem::path& vectors)
        : text_(lumoz::testing::read_file(vectors / "api/real/dstack_report.json")),
          document_(json::Document::parse(text_, {.max_bytes = std::size_t{16} << 20, .max_depth = 32})) {
        const json::Value root = document_->root();
        const json::Value report = *root.find("report");
        quote = *report.find("intel_quote")->as_string();
        event_log = *report.find("event_log")->as_string();
        compose = std::string(as_text(*from_base64(*root.find("app_compose_b64")->as_string())));
        collateral = *evidence::Collateral::parse(
            lumoz::testing::read_file(vectors / "tdx/collateral/real/D_tdx_20A06F_2025-09.json"));
    }
    std::string quote, event_log, compose;
    std::string algo = "ed25519", address = to_hex(Bytes(32, 1)), nonce = to_hex(Bytes(32, 1));
    evidence::Collateral collateral;

    [[nodiscard]] std::string error(std::uint8_t expected_nonce = 1) const {
        const std::string text = R"({"intel_quote":")" + quote + R"(","event_log":)" +
                                 json::quoted(event_log) + R"(,"info":{"tcb_info":)" +
                                 json::quoted(R"({"app_compose":)" + json::quoted(compose) + "}") +
                                 R"(},"signing_algo":")" + algo + R"(","signing_address":")" + address +
                                 R"(","request_nonce":")" + nonce + R"("})";
        const auto prepared = PreparedCollateral::prepare(collateral, RootPins());
        ReportDemand demand;
        demand.policy.allow_unknown_measurement = true;
        demand.now = (prepared.not_before() + prepared.not_after()) / 2;
        demand.collateral = collateral;
        demand.nonce.emplace();
        demand.nonce->bytes.fill(expected_nonce);
        const ReportVerdict got = verify_report(text, demand);
        EXPECT_FALSE(got.verdict.simulated());
        // What the default policy says about this machine is not the matter here.
        if (got.report) return "proven";
        return std::string(got.verdict.error()->rule);
    }

private:
    std::string text_;
    Result<json::Document> document_;
};

void replace(std::string& text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
}

/// The objects of a JSON array as texts.
std::vector<std::string> elements(const std::string& array) {
    std::vector<std::string> out;
    const auto document = json::Document::parse(array, {.max_bytes = std::size_t{8} << 20, .max_depth = 16});
    for (const json::Value& value : document->root().elements())
        out.emplace_back(value.raw());
    return out;
}

std::string array(const std::vector<std::string>& list) {
    std::string out = "[";
    for (const std::string& text : list)
        out += (out.size() == 1 ? "" : ",") + text;
    return out + "]";
}

TEST(RealReport, IsProvenAndEachEditIsRefused) {
    const auto vectors = lumoz::testing::vectors_dir();
    if (!vectors) GTEST_SKIP() << "no shared vectors";
    const RealReport real(*vectors);
    EXPECT_EQ(real.error(), "proven");

    RealReport edit(*vectors);
    edit.compose += " ";
    EXPECT_EQ(edit.error(), "E_COMPOSE") << "compose-space";
    edit = RealReport(*vectors);
    replace(edit.compose, "GITHUB_TOKEN", "GITHUB_TOKEM");
    EXPECT_EQ(edit.error(), "E_COMPOSE") << "compose-env";

    edit = RealReport(*vectors);
    std::vector<std::string> events = elements(edit.event_log);
    std::vector<std::size_t> runtime;
    for (std::size_t i = 0; i < events.size(); ++i)
        if (events[i].find(R"("imr":3)") != std::string::npos) runtime.push_back(i);
    std::swap(events[runtime[1]], events[runtime[2]]);
    edit.event_log = array(events);
    EXPECT_EQ(edit.error(), "E_RTMR_MISMATCH") << "events-swapped";

    edit = RealReport(*vectors);
    const std::size_t at = edit.event_log.find("event_payload", edit.event_log.find("\"compose-hash\""));
    edit.event_log.replace(at + std::string_view("event_payload\":\"").size(), 64, std::string(64, '0'));
    EXPECT_EQ(edit.error(), "E_EVENT_DIGEST") << "payload-changed-digest-kept";

    EXPECT_EQ(real.error(2), "E_NONCE_MISMATCH") << "nonce-not-bound";
    edit = RealReport(*vectors);
    edit.algo = "ecdsa";
    edit.address = "0x" + to_hex(Bytes(20, 1));
    EXPECT_EQ(edit.error(), "E_BINDING") << "nonce-of-ones";
}

/// The report as it was published, its compose file in its place.
std::string published(const std::filesystem::path& vectors) {
    const std::string text = lumoz::testing::read_file(vectors / "api/real/dstack_report.json");
    const auto document = json::Document::parse(text, {.max_bytes = std::size_t{16} << 20, .max_depth = 32});
    std::string out(document->root().find("report")->raw());
    const std::string compose(as_text(*from_base64(*document->root().find("app_compose_b64")->as_string())));
    replace(out, "\"tcb_info\": {", "\"tcb_info\": {\"app_compose\":" + json::quoted(compose) + ",");
    return out;
}

bool mentions(const Verdict& verdict, std::string_view code) {
    return std::ranges::find(verdict.not_checked(), code, &NotChecked::code) != verdict.not_checked().end();
}

const Rule* rule(const Verdict& verdict, std::string_view id) {
    const auto it = std::ranges::find(verdict.rules(), id, &Rule::id);
    return it == verdict.rules().end() ? nullptr : &*it;
}

TEST(RealReport, AsPublishedItsQuoteHoldsAndItNamesNoKey) {
    const auto vectors = lumoz::testing::vectors_dir();
    if (!vectors) GTEST_SKIP() << "no shared vectors";
    ReportDemand demand;
    demand.now = *parse_rfc3339("2025-09-15T00:00:00Z");
    demand.policy.allow_unknown_measurement = true;
    const std::string text = published(*vectors);

    ReportVerdict got = verify_report(text, demand);
    EXPECT_EQ(got.verdict.established("form"), "\"vllm-proxy\"");
    ASSERT_TRUE(got.verdict.error());
    EXPECT_EQ(got.verdict.error()->rule, "E_REPORT_MEMBER")
        << "no key is named; that outweighs the collateral";
    ASSERT_NE(rule(got.verdict, "report.collateral"), nullptr);
    EXPECT_EQ(rule(got.verdict, "report.collateral")->detail,
              "needed: TDX TCB info of FMSPC 20a06f000000, TDX QE identity, PCK CRL of the platform CA, root "
              "CA CRL");

    demand.collateral = *evidence::Collateral::parse(
        lumoz::testing::read_file(*vectors / "tdx/collateral/real/D_tdx_20A06F_2025-09.json"));
    got = verify_report(text, demand);
    ASSERT_TRUE(got.verdict.error());
    EXPECT_EQ(got.verdict.error()->rule, "E_REPORT_MEMBER");
    EXPECT_EQ(got.verdict.error()->where, "report.signing_address");
    EXPECT_EQ(got.verdict.error()->detail, "missing");
    EXPECT_EQ(rule(got.verdict, "tdx.24")->outcome, Outcome::Pass);
    EXPECT_FALSE(got.verdict.simulated());
    EXPECT_EQ(got.verdict.exit_code(), 10);
}

/// The document of the published bundle, one text of it replaced.
ReportVerdict tinfoil(const std::filesystem::path& vectors, std::string_view from = {},
                      std::string_view to = {}) {
    const std::string text = lumoz::testing::read_file(vectors / "api/real/tinfoil_bundle_v2.json");
    const auto document = json::Document::parse(text);
    std::string bundle(document->root().find("document")->raw());
    if (!from.empty()) replace(bundle, from, to);
    ReportDemand demand;
    demand.now = *parse_rfc3339("2026-01-23T00:00:00Z");
    demand.policy.allow_unknown_measurement = true;
    demand.policy.allow_unchecked_gpu = true;
    return verify_report(bundle, demand);
}

TEST(RealReport, TheTinfoilBundleIsReadAndItsSnpReportIsNotChecked) {
    const auto vectors = lumoz::testing::vectors_dir();
    if (!vectors) GTEST_SKIP() << "no shared vectors";
    const Verdict got = tinfoil(*vectors).verdict;
    ASSERT_TRUE(got.error());
    EXPECT_EQ(got.error()->rule, "E_REPORT_FORM") << got.to_json();
    EXPECT_EQ(got.exit_code(), 20);
    EXPECT_TRUE(mentions(got, "N_SNP_UNCHECKED"));
    EXPECT_TRUE(mentions(got, "N_SIGSTORE"));
    EXPECT_TRUE(mentions(got, "N_CERTIFICATE"));
    EXPECT_EQ(got.established("form"), "\"tinfoil-bundle-v2\"");
    EXPECT_EQ(rule(got, "report.1")->outcome, Outcome::Pass);
    const std::string text = lumoz::testing::read_file(*vectors / "api/real/tinfoil_bundle_v2.json");
    const auto document = json::Document::parse(text);
    const json::Value expect = *document->root().find("expect");
    for (const std::string_view name :
         {"report_bytes", "report_data", "measurement", "tls_spki_sha256", "hpke_public_key",
          "san_hpke_decoded", "san_hatt_decoded", "document_hash"})
        EXPECT_EQ(got.established(name).value_or(""), expect.find(name)->raw()) << name;
}

TEST(RealReport, AForgedTinfoilBundleIsRefusedThoughItsReportIsNotChecked) {
    const auto vectors = lumoz::testing::vectors_dir();
    if (!vectors) GTEST_SKIP() << "no shared vectors";
    const auto error = [&](std::string_view from, std::string_view to) {
        return std::string(tinfoil(*vectors, from, to).verdict.error()->rule);
    };
    EXPECT_EQ(error("\"domain\": \"inference.tinfoil.sh\"", "\"domain\": \"other.tinfoil.sh\""),
              "E_REPORT_MEMBER");
    EXPECT_EQ(error("sev-snp-guest/v2", "tdx-guest/v2"), "E_QUOTE_KEY_TYPE");
    EXPECT_EQ(error("sev-snp-guest/v2", "sev-snp-guest/v9"), "E_REPORT_FORM");
    EXPECT_EQ(error("H4sIAAAA", "H4sIAAAB"), "E_REPORT_MEMBER") << "another body, though it unpacks the same";
    EXPECT_EQ(error("H4sI", "H4sJ"), "E_GZIP");
    EXPECT_EQ(error("\"domain\"", "\"intel_quote\":\"00\",\"domain\""), "E_REPORT_AMBIGUOUS");
    EXPECT_EQ(error("\"domain\"", "\"extra\":1,\"domain\""), "E_REPORT_PARSE");
}

}  // namespace
}  // namespace lumoz::verify

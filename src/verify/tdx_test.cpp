// SPDX-License-Identifier: Apache-2.0
// The shared vectors of specification tdx.md 13: every case by kind, with result, first error and all fields.
#include "verify/tdx.hpp"

#include "base/hex.hpp"
#include "base/testing.hpp"
#include "evidence/event_log.hpp"
#include "verify/policy.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lumoz::verify {
namespace {

using testing::read_file;

/// The manifest with what the cases point to.
class Vectors {
public:
    explicit Vectors(std::filesystem::path dir)
        : dir_(std::move(dir)),
          text_(read_file(dir_ / "MANIFEST.json")),
          document_(json::Document::parse(text_, {.max_bytes = std::size_t{64} << 20, .max_depth = 16})) {}

    [[nodiscard]] bool good() const { return document_.has_value(); }
    [[nodiscard]] std::vector<json::Value> cases(std::string_view kind) const {
        std::vector<json::Value> out;
        for (const json::Value& c : document_->root().find("cases")->elements())
            if (text(c, "kind") == kind) out.push_back(c);
        return out;
    }
    static std::string text(const json::Value& object, std::string_view name) {
        const auto value = object.find(name);
        return value ? value->as_string().value_or("") : "";
    }
    [[nodiscard]] std::string file(const json::Value& c, std::string_view member) const {
        return read_file(dir_ / text(c, member));
    }
    [[nodiscard]] RootPins roots(const json::Value& c) const {
        RootPins out;
        const auto root = document_->root().find("roots")->find(text(c, "root"));
        const auto pin = fixed_from_hex<Digest256>(text(*root, "spki_sha256"));
        out.also_accept(*pin);
        return out;
    }
    [[nodiscard]] TdxVerdict verify(const json::Value& c) const {
        const auto collateral = evidence::Collateral::parse(file(c, "collateral"));
        EXPECT_TRUE(collateral.has_value()) << text(c, "id");
        const auto now = parse_rfc3339(text(c, "now"));
        return verify_tdx(as_bytes(file(c, "quote")), *collateral, roots(c), *now);
    }

private:
    std::filesystem::path dir_;
    std::string text_;
    Result<json::Document> document_;
};

const Vectors* vectors() {
    static const auto* loaded = [] {
        const auto dir = testing::vectors_dir();
        const Vectors* out = dir ? new Vectors(*dir / "tdx") : nullptr;
        return out;
    }();
    return loaded;
}

#define NEED_VECTORS()                                             \
    if (vectors() == nullptr) GTEST_SKIP() << "no shared vectors"; \
    ASSERT_TRUE(vectors()->good())

std::vector<std::string> codes(const std::vector<Finding>& findings) {
    std::vector<std::string> out;
    for (const Finding& f : findings)
        out.emplace_back(f.code);
    return out;
}

std::vector<std::string> texts(const json::Value& array) {
    std::vector<std::string> out;
    for (const json::Value& value : array.elements())
        out.push_back(value.as_string().value_or("?"));
    return out;
}

/// Every member of `expect` but those named is a fact of the verdict, equal as canonical JSON.
void expect_facts(const json::Value& expect, const Verdict& verdict, const std::string& id) {
    for (const json::Value::Member& member : expect.members()) {
        if (member.name == "result" || member.name == "policy_default") continue;
        const auto fact = verdict.established(member.name);
        if (!fact) {
            ADD_FAILURE() << id << ": " << member.name << " is not established";
            continue;
        }
        EXPECT_EQ(*json::canonical(*fact), json::canonical(member.value)) << id << ": " << member.name;
    }
}

TEST(TdxVectors, VerifyCasesHaveTheExactResult) {
    NEED_VECTORS();
    std::size_t accepted = 0, rejected = 0;
    for (const json::Value& c : vectors()->cases("verify")) {
        const std::string id = Vectors::text(c, "id");
        const json::Value expect = *c.find("expect");
        const TdxVerdict got = vectors()->verify(c);
        const auto error = got.verdict.error();
        if (Vectors::text(expect, "result") == "reject") {
            ++rejected;
            EXPECT_FALSE(got.tdx.has_value()) << id;
            EXPECT_EQ(error ? error->rule : "accepted", Vectors::text(expect, "error"))
                << id << (error ? " " + std::string(error->where) + " " + error->detail : "");
            continue;
        }
        ++accepted;
        if (!got.tdx) {
            ADD_FAILURE() << id << ": " << error->rule << " " << error->where << " " << error->detail;
            continue;
        }
        expect_facts(expect, got.verdict, id);
        EXPECT_EQ(codes(evaluate(got.tdx->quote(), got.tdx->result(), Policy{})),
                  texts(*expect.find("policy_default")))
            << id;
    }
    std::cout << "verify: " << accepted << " accepted, " << rejected << " rejected\n";
    EXPECT_GE(accepted + rejected, 500U);
}

TEST(TdxVectors, PreparedCollateralGivesTheSameVerdicts) {
    NEED_VECTORS();
    for (const json::Value& c : vectors()->cases("verify")) {
        const auto collateral = evidence::Collateral::parse(vectors()->file(c, "collateral"));
        const auto prepared = PreparedCollateral::prepare(*collateral, vectors()->roots(c));
        const auto now = parse_rfc3339(Vectors::text(c, "now"));
        const TdxVerdict warm = verify_tdx(as_bytes(vectors()->file(c, "quote")), prepared, *now);
        const TdxVerdict cold = vectors()->verify(c);
        EXPECT_EQ(warm.verdict.to_json(), cold.verdict.to_json()) << Vectors::text(c, "id");
        const std::string quote = vectors()->file(c, "quote");
        const auto known = PreparedCollateral::prepare_for(as_bytes(quote), *collateral, vectors()->roots(c));
        EXPECT_EQ(verify_tdx(as_bytes(quote), known, *now).verdict.to_json(), cold.verdict.to_json());
        if (warm.tdx) {
            EXPECT_LE(prepared.not_before(), *now);
            EXPECT_GE(prepared.not_after(), *now);
        }
    }
}

/// An accepted case with the collateral that it needs.
struct Real {
    Bytes quote;
    evidence::Collateral collateral;
    RootPins roots;
    UnixTime now = 0;
};

std::optional<Real> real_case(std::string_view id) {
    for (const json::Value& c : vectors()->cases("verify")) {
        if (Vectors::text(c, "id") != id) continue;
        return Real{to_bytes(as_bytes(vectors()->file(c, "quote"))),
                    *evidence::Collateral::parse(vectors()->file(c, "collateral")), vectors()->roots(c),
                    *parse_rfc3339(Vectors::text(c, "now"))};
    }
    return std::nullopt;
}

constexpr std::string_view kReal = "real-00b2526a-G_tdx_00806F05_2025-10";

TEST(TdxFlips, OneBitOfEachByteOfARealQuoteIsRefused) {
    NEED_VECTORS();
    const auto real = real_case(kReal);
    ASSERT_TRUE(real.has_value());
    const auto prepared = PreparedCollateral::prepare(real->collateral, real->roots);
    ASSERT_TRUE(verify_tdx(real->quote, prepared, real->now).tdx.has_value());
    Bytes bent = real->quote;
    for (std::size_t i = 0; i < bent.size(); ++i) {
        const auto bit = static_cast<std::uint8_t>(1U << (i % 8));
        bent[i] ^= bit;
        ASSERT_FALSE(verify_tdx(bent, prepared, real->now).tdx.has_value()) << "byte " << i;
        bent[i] ^= bit;
    }
}

TEST(TdxFlips, EachTextOfTheCollateralIsProtected) {
    NEED_VECTORS();
    const auto real = real_case(kReal);
    ASSERT_TRUE(real.has_value());
    const auto refused = [&](std::string evidence::Collateral::* text, std::size_t step) {
        evidence::Collateral bent = real->collateral;
        for (std::size_t i = 0; i < (bent.*text).size(); i += step) {
            const char was = (bent.*text)[i];
            (bent.*text)[i] = was == '1' ? '2' : '1';
            ASSERT_FALSE(verify_tdx(real->quote, bent, real->roots, real->now).tdx.has_value())
                << "byte " << i;
            (bent.*text)[i] = was;
        }
    };
    refused(&evidence::Collateral::tcb_info, 97);
    refused(&evidence::Collateral::qe_identity, 7);
    refused(&evidence::Collateral::tcb_info_signature, 1);
    refused(&evidence::Collateral::qe_identity_signature, 1);
    refused(&evidence::Collateral::tcb_info_issuer_chain, 11);
    refused(&evidence::Collateral::qe_identity_issuer_chain, 11);
    refused(&evidence::Collateral::root_ca_crl, 3);
    refused(&evidence::Collateral::pck_crl, 29);
    evidence::Collateral ignored = real->collateral;
    ignored.pck_crl_issuer_chain = "not even PEM";
    EXPECT_TRUE(verify_tdx(real->quote, ignored, real->roots, real->now).tdx.has_value());
}

TEST(TdxFlips, TruncationAndExtensionAtEveryLength) {
    NEED_VECTORS();
    const auto real = real_case(kReal);
    ASSERT_TRUE(real.has_value());
    const auto prepared = PreparedCollateral::prepare(real->collateral, real->roots);
    const std::size_t end = evidence::Quote::parse(real->quote)->parts().signature_section.end();
    for (std::size_t size = 0; size < end; ++size)
        ASSERT_EQ(verify_tdx(ByteView(real->quote).first(size), prepared, real->now).verdict.error()->rule,
                  "E_QUOTE_TRUNCATED")
            << size;
    for (const std::size_t size : {end, end + 1, real->quote.size()})
        EXPECT_TRUE(verify_tdx(ByteView(real->quote).first(size), prepared, real->now).tdx.has_value())
            << size;
    Bytes longer = real->quote;
    longer.push_back(7);
    EXPECT_EQ(verify_tdx(longer, prepared, real->now).verdict.error()->rule, "E_QUOTE_TRAILING");
}

TEST(TdxRoots, OnlyIntelsIsEmbedded) {
    NEED_VECTORS();
    const auto real = real_case(kReal);
    const TdxVerdict got = verify_tdx(real->quote, real->collateral, RootPins(), real->now);
    ASSERT_TRUE(got.tdx.has_value());
    EXPECT_FALSE(got.verdict.simulated());
    const auto synthetic = real_case("ok-v4-td10");
    const TdxVerdict refused =
        verify_tdx(synthetic->quote, synthetic->collateral, RootPins(), synthetic->now);
    EXPECT_EQ(refused.verdict.error()->rule, "E_CHAIN_ROOT_UNTRUSTED");
    EXPECT_TRUE(verify_tdx(synthetic->quote, synthetic->collateral, synthetic->roots, synthetic->now)
                    .verdict.simulated());
    Bytes bent = synthetic->quote;
    bent[48 + 136] ^= 1;
    const TdxVerdict late = verify_tdx(bent, synthetic->collateral, synthetic->roots, synthetic->now);
    EXPECT_EQ(late.verdict.error()->rule, "E_QUOTE_SIGNATURE");
    EXPECT_TRUE(late.verdict.simulated()) << "the accepted root is not embedded";
    EXPECT_FALSE(refused.verdict.simulated());
}

TEST(TdxVectors, PolicyCasesHaveTheExactFindings) {
    NEED_VECTORS();
    for (const json::Value& c : vectors()->cases("policy")) {
        const std::string id = Vectors::text(c, "id");
        const TdxVerdict got = vectors()->verify(c);
        ASSERT_TRUE(got.tdx.has_value()) << id;
        const auto policy = Policy::parse(c.find("policy")->raw());
        ASSERT_TRUE(policy.has_value()) << id << policy.error().detail;
        EXPECT_EQ(codes(evaluate(got.tdx->quote(), got.tdx->result(), *policy)),
                  texts(*c.find("expect")->find("findings")))
            << id;
    }
}

TEST(TdxVectors, ParseCasesHaveTheExactFields) {
    NEED_VECTORS();
    for (const json::Value& c : vectors()->cases("parse")) {
        const std::string id = Vectors::text(c, "id");
        const auto quote = evidence::Quote::parse(as_bytes(vectors()->file(c, "quote")));
        ASSERT_TRUE(quote.has_value()) << id;
        EXPECT_EQ(*json::canonical(quote_json(*quote)), json::canonical(*c.find("expect")->find("fields")))
            << id;
    }
}

void expect_replay(const json::Value& c, const json::Value& expect, const evidence::Rtmrs& rtmr,
                   const std::array<std::size_t, 4>& extends) {
    const std::string id = Vectors::text(c, "id");
    std::vector<std::string> values;
    std::string counts = "[";
    for (std::size_t i = 0; i < 4; ++i) {
        values.push_back(to_hex(rtmr[i].view()));
        counts += (i == 0 ? "" : ",") + std::to_string(extends[i]);
    }
    EXPECT_EQ(values, texts(*expect.find("rtmr"))) << id;
    EXPECT_EQ(counts + "]", json::canonical(*expect.find("extends"))) << id;
    if (const auto mismatch = expect.find("mismatch")) {
        const auto quote = evidence::Quote::parse(as_bytes(vectors()->file(c, "quote")));
        std::string numbers = "[";
        for (const unsigned n : evidence::rtmr_mismatches(rtmr, *quote))
            numbers += (numbers.size() == 1 ? "" : ",") + std::to_string(n);
        EXPECT_EQ(numbers + "]", json::canonical(*mismatch)) << id;
    }
}

TEST(TdxVectors, EventListsReplay) {
    NEED_VECTORS();
    for (const json::Value& c : vectors()->cases("eventlog-json")) {
        const std::string id = Vectors::text(c, "id");
        const json::Value expect = *c.find("expect");
        const auto log = evidence::parse_event_list(vectors()->file(c, "log"));
        if (Vectors::text(expect, "result") == "reject") {
            EXPECT_EQ(log ? "accepted" : log.error().rule, Vectors::text(expect, "error")) << id;
            continue;
        }
        ASSERT_TRUE(log.has_value()) << id << log.error().detail;
        expect_replay(c, expect, log->rtmr, log->extends);
        EXPECT_EQ(static_cast<std::int64_t>(log->events.size()), expect.find("events")->as_int()) << id;
        json::Writer runtime;
        runtime.array();
        for (const evidence::Event& e : log->events)
            if (e.runtime()) runtime.array().string(e.name).string(to_hex(e.payload)).end();
        runtime.end();
        EXPECT_EQ(std::move(runtime).text(), json::canonical(*expect.find("runtime"))) << id;
    }
}

TEST(TdxVectors, CcLogsReplay) {
    NEED_VECTORS();
    for (const json::Value& c : vectors()->cases("eventlog-ccel")) {
        const std::string id = Vectors::text(c, "id");
        const json::Value expect = *c.find("expect");
        const auto log = evidence::parse_cc_log(as_bytes(vectors()->file(c, "log")));
        if (Vectors::text(expect, "result") == "reject") {
            EXPECT_EQ(log ? "accepted" : log.error().rule, Vectors::text(expect, "error")) << id;
            continue;
        }
        ASSERT_TRUE(log.has_value()) << id << log.error().rule << log.error().where << log.error().detail;
        expect_replay(c, expect, log->rtmr, log->extends);
        EXPECT_EQ(static_cast<std::int64_t>(log->events), expect.find("events")->as_int()) << id;
        EXPECT_EQ(log->end, Vectors::text(expect, "end")) << id;
        EXPECT_EQ(static_cast<std::int64_t>(log->end_offset), expect.find("end_offset")->as_int()) << id;
    }
}

}  // namespace
}  // namespace lumoz::verify

// SPDX-License-Identifier: Apache-2.0
#include "capi/lumoz.h"

#include "base/testing.hpp"
#include "verify/answer.hpp"
#include "verify/quote.hpp"
#include "verify/test_service.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace lumoz {
namespace {

using verify::testing::kNow;
using verify::testing::nonce_of;
using verify::testing::Service;
using verify::testing::tee;

constexpr lumoz_bytes kNone = {nullptr, 0};
constexpr std::string_view kAnyProgram = R"({"allow_unknown_measurement":true})";

lumoz_bytes bytes(ByteView view) {
    return {view.data(), view.size()};
}
lumoz_bytes bytes(std::string_view text) {
    return bytes(as_bytes(text));
}

/// Trust in the test's root, any program.
lumoz_trust trust() {
    lumoz_trust out{};
    out.size = sizeof out;
    out.now = kNow;
    out.policy = bytes(kAnyProgram);
    out.roots = tee().root_pin().bytes.data();
    out.root_count = 1;
    return out;
}

struct Got {
    int status = -1;
    std::string document;
    [[nodiscard]] std::string member(std::string_view name) const {
        const auto parsed =
            json::Document::parse(document, {.max_bytes = std::size_t{8} << 20, .max_depth = 32});
        const auto value = parsed ? parsed->root().find(name) : std::nullopt;
        return value ? value->as_string().value_or(std::string(value->raw())) : "";
    }
};

/// Calls, and takes the text over.
template <class Call>
Got taken(Call call) {
    lumoz_text text{};
    Got out;
    out.status = call(&text);
    if (text.data != nullptr) {
        EXPECT_EQ(text.data[text.size], '\0');
        out.document.assign(text.data, text.size);
    }
    lumoz_text_free(&text);
    EXPECT_EQ(text.data, nullptr);
    return out;
}

Got quote(const lumoz_trust* t, lumoz_bytes q, lumoz_bytes c, lumoz_bytes log = kNone) {
    return taken([&](lumoz_text* out) { return lumoz_verify_quote(t, q, c, log, out); });
}
Got report(const lumoz_trust* t, lumoz_bytes r, const std::uint8_t* nonce, lumoz_bytes c = kNone) {
    return taken([&](lumoz_text* out) { return lumoz_verify_report(t, r, nonce, c, out); });
}
Got answer(const lumoz_trust* t, lumoz_bytes q, lumoz_bytes a, lumoz_bytes p, lumoz_bytes e) {
    return taken([&](lumoz_text* out) { return lumoz_verify_answer(t, q, a, p, e, out); });
}

TEST(Capi, AQuoteGetsTheVerdictOfTheCore) {
    const Bytes raw = tee().quote({});
    const std::string collateral = tee().collateral().to_json();
    const lumoz_trust t = trust();
    const Got got = quote(&t, bytes(raw), bytes(collateral));
    EXPECT_EQ(got.status, LUMOZ_ACCEPTED) << got.document;
    verify::Trust demand;
    demand.roots.also_accept(tee().root_pin());
    demand.policy.allow_unknown_measurement = true;
    demand.now = kNow;
    EXPECT_EQ(got.document, verify::verify_quote(raw, collateral, std::nullopt, demand).verdict.to_json());
    EXPECT_EQ(got.member("simulated"), "true");
    EXPECT_EQ(lumoz_verify_quote(&t, bytes(raw), bytes(collateral), kNone, nullptr), LUMOZ_ACCEPTED);
}

TEST(Capi, StatusIsTheExitCodeOfTheRule) {
    Bytes raw = tee().quote({});
    const std::string collateral = tee().collateral().to_json();
    lumoz_trust t = trust();
    t.root_count = 0;
    Got got = quote(&t, bytes(raw), bytes(collateral));
    EXPECT_EQ(got.status, LUMOZ_REFUSED);
    EXPECT_EQ(got.member("error"), "E_CHAIN_ROOT_UNTRUSTED");
    t = trust();
    got = quote(&t, bytes(ByteView(raw).first(700)), bytes(collateral));
    EXPECT_EQ(got.status, LUMOZ_MALFORMED);
    EXPECT_EQ(got.member("error"), "E_QUOTE_TRUNCATED");
    got = quote(&t, bytes(raw), bytes("{}"));
    EXPECT_EQ(got.status, LUMOZ_MALFORMED);
    EXPECT_EQ(got.member("error"), "E_COLLATERAL_PARSE");
    got = quote(&t, bytes(raw), bytes(collateral), bytes("[{}]"));
    EXPECT_EQ(got.status, LUMOZ_MALFORMED);
    EXPECT_EQ(got.member("error"), "E_EVENTLOG_PARSE");
    raw[0] = 6;
    got = quote(&t, bytes(raw), bytes(collateral));
    EXPECT_EQ(got.status, LUMOZ_UNSUPPORTED);
    EXPECT_EQ(got.member("error"), "E_QUOTE_VERSION");
}

TEST(Capi, APolicyThatObjectsRefuses) {
    const Bytes raw = tee().quote({});
    const std::string collateral = tee().collateral().to_json();
    lumoz_trust t = trust();
    const std::string policy = R"({"mr_td":[")" + std::string(96, '7') + R"("]})";
    t.policy = bytes(policy);
    const Got got = quote(&t, bytes(raw), bytes(collateral));
    EXPECT_EQ(got.status, LUMOZ_REFUSED);
    EXPECT_EQ(got.member("error"), "P_MEASUREMENT");
    t.policy = bytes(R"({"no_such_key":1})");
    const Got unread = quote(&t, bytes(raw), bytes(collateral));
    EXPECT_EQ(unread.status, LUMOZ_FAILED);
    EXPECT_EQ(unread.member("error"), "E_POLICY");
}

TEST(Capi, AReportIsJudgedWithAndWithoutItsNonce) {
    const Service service;
    const std::string text =
        verify::testing::document(service.members(nonce_of(9), evidence::BindingForm::Lumoz));
    const lumoz_trust t = trust();
    const Nonce right = nonce_of(9), wrong = nonce_of(8);
    EXPECT_EQ(report(&t, bytes(text), right.bytes.data()).status, LUMOZ_ACCEPTED);
    const Got other = report(&t, bytes(text), wrong.bytes.data());
    EXPECT_EQ(other.status, LUMOZ_REFUSED);
    EXPECT_EQ(other.member("error"), "E_NONCE_MISMATCH");
    const Got none = report(&t, bytes(text), nullptr);
    EXPECT_EQ(none.status, LUMOZ_ACCEPTED);
    EXPECT_NE(none.member("not_checked").find("N_NONCE"), std::string::npos) << none.document;
    const Got unread = report(&t, bytes(text), right.bytes.data(), bytes("[]"));
    EXPECT_EQ(unread.status, LUMOZ_MALFORMED);
    EXPECT_EQ(unread.member("result"), "malformed");
    EXPECT_EQ(unread.member("error"), "E_COLLATERAL_PARSE");
}

TEST(Capi, AnAnswerNeedsEvidenceUnlessThePolicySaysOtherwise) {
    const Service service;
    const std::string request = R"({"model":"tiny"})", response = R"({"id":"x"})";
    const std::string signed_text = to_hex(crypto::sha256(as_bytes(request)).view()) + ":" +
                                    to_hex(crypto::sha256(as_bytes(response)).view());
    const std::string proof = R"({"signatures":[{"text":")" + signed_text + R"(","signature":"0x)" +
                              to_hex(service.ecdsa.sign_personal(signed_text).view()) +
                              R"(","signing_address":")" + crypto::to_eip55(service.ecdsa.address()) +
                              R"(","signing_algo":"ecdsa"}],"keyset_digest":")" + service.keyset.digest() +
                              R"("})";
    const std::string stored = service.stored(kNow - 10);
    lumoz_trust t = trust();
    const Got good = answer(&t, bytes(request), bytes(response), bytes(proof), bytes(stored));
    EXPECT_EQ(good.status, LUMOZ_ACCEPTED) << good.document;
    const Got bent = answer(&t, bytes(request), bytes("other"), bytes(proof), bytes(stored));
    EXPECT_EQ(bent.status, LUMOZ_REFUSED);
    EXPECT_EQ(bent.member("error"), "E_RESPONSE_HASH");
    EXPECT_EQ(answer(&t, bytes(request), bytes(response), bytes(proof), kNone).status, LUMOZ_ACCEPTED);
    t.policy = kNone;
    const Got unknown = answer(&t, bytes(request), bytes(response), bytes(proof), kNone);
    EXPECT_EQ(unknown.status, LUMOZ_REFUSED);
    EXPECT_EQ(unknown.member("error"), "P_MEASUREMENT");
}

TEST(Capi, WrongUseJudgesNothing) {
    const Bytes raw = tee().quote({});
    const std::string collateral = tee().collateral().to_json();
    const auto expect_usage = [&](const lumoz_trust* t, lumoz_bytes q = kNone, lumoz_bytes log = kNone) {
        const Got got = quote(t, q.size == 0 ? bytes(raw) : q, bytes(collateral), log);
        EXPECT_EQ(got.status, LUMOZ_FAILED);
        EXPECT_EQ(got.member("result"), "error");
        EXPECT_EQ(got.member("error"), "E_USAGE") << got.document;
    };
    expect_usage(nullptr);
    lumoz_trust t = trust();
    t.size -= 8;
    expect_usage(&t);
    t = trust();
    t.now = 0;
    expect_usage(&t);
    t = trust();
    t.roots = nullptr;
    expect_usage(&t);
    t = trust();
    t.root_count = SIZE_MAX;
    expect_usage(&t);
    t = trust();
    t.policy = {nullptr, 5};
    expect_usage(&t);
    t = trust();
    expect_usage(&t, {nullptr, 5});
    // A log that was meant to be given must not pass for none.
    expect_usage(&t, kNone, {nullptr, 5});
    EXPECT_EQ(report(&t, {nullptr, 1}, nullptr).member("error"), "E_USAGE");
    EXPECT_EQ(answer(&t, kNone, kNone, kNone, {nullptr, 1}).member("error"), "E_USAGE");
    EXPECT_EQ(lumoz_verify_quote(nullptr, kNone, kNone, kNone, nullptr), LUMOZ_FAILED);
    lumoz_text_free(nullptr);
    EXPECT_EQ(lumoz_abi(), LUMOZ_ABI);
    EXPECT_NE(std::string_view(lumoz_version()), "");
}

TEST(Capi, NothingGivenIsMalformed) {
    const lumoz_trust t = trust();
    EXPECT_EQ(quote(&t, kNone, kNone).status, LUMOZ_MALFORMED);
    EXPECT_EQ(report(&t, kNone, nullptr).status, LUMOZ_MALFORMED);
    EXPECT_EQ(answer(&t, kNone, kNone, kNone, kNone).status, LUMOZ_MALFORMED);
}

TEST(Capi, ThreadsShareNothing) {
    const Bytes raw = tee().quote({});
    const std::string collateral = tee().collateral().to_json();
    const lumoz_trust t = trust();
    const std::string want = quote(&t, bytes(raw), bytes(collateral)).document;
    std::atomic<int> same = 0;
    {
        std::vector<std::jthread> threads;
        for (int n = 0; n < 4; ++n)
            threads.emplace_back([&] {
                for (int i = 0; i < 4; ++i)
                    same += quote(&t, bytes(raw), bytes(collateral)).document == want ? 1 : 0;
            });
    }
    EXPECT_EQ(same, 16);
}

}  // namespace
}  // namespace lumoz

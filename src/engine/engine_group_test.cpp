// SPDX-License-Identifier: Apache-2.0
#include "engine/engine_group.hpp"

#include "net/testing.hpp"

#include <gtest/gtest.h>

namespace lumoz::engine {
namespace {
using namespace std::chrono_literals;

/// An answer that is over when it is destroyed.
class Nothing final : public net::ClientExchange {
public:
    [[nodiscard]] const net::ResponseHead& head() const override { return head_; }
    [[nodiscard]] std::optional<std::uint64_t> content_length() const override { return 7; }
    net::Task<Result<ByteView>> read_some() override { co_return ByteView(); }
    net::Task<Result<Bytes>> read_all(std::size_t) override { co_return Bytes(); }
    void cancel() override {}
    [[nodiscard]] net::Stream* upgraded() override { return nullptr; }
    [[nodiscard]] ByteView upgraded_pending() const override { return {}; }
    [[nodiscard]] std::optional<Digest256> peer_spki() const override { return std::nullopt; }

private:
    net::ResponseHead head_;
};

class Scripted final : public Engine {
public:
    net::Task<Result<std::unique_ptr<net::ClientExchange>>> send(net::Loop&, std::string method,
                                                                 std::string target, const net::Headers&,
                                                                 net::Payload,
                                                                 net::CancelToken* cancel) override {
        ++asked;
        last = method + " " + target;
        if (cancel_meanwhile) cancel->cancel();
        if (error) co_return std::unexpected(*error);
        co_return std::make_unique<Nothing>();
    }
    [[nodiscard]] bool ready() const override { return up; }
    [[nodiscard]] bool starting() const override { return begins; }
    [[nodiscard]] std::string_view kind() const override { return "url"; }
    [[nodiscard]] std::string_view name() const override { return "scripted"; }

    bool up = true;
    bool begins = false;
    bool cancel_meanwhile = false;
    std::optional<Error> error;
    int asked = 0;
    std::string last;
};

using Answer = std::unique_ptr<net::ClientExchange>;

net::Task<void> ask(Engine& engine, net::Loop& loop, net::CancelToken& token, Result<Answer>& out) {
    const net::Headers none;
    out = co_await engine.send(loop, "POST", "/x", none, {}, &token);
}

class Group : public ::testing::Test {
public:
    Result<Answer> send() {
        Result<Answer> out = fail(Errc::Internal, "E_NONE", "test");
        net::CancelToken token;
        net::testing::run(loop, ask(group, loop, token, out));
        return out;
    }
    /// The rule of the refusal; empty for an answer.
    std::string refusal() {
        const auto answer = send();
        return answer ? std::string() : std::string(answer.error().rule);
    }
    net::Loop loop;
    Scripted a, b, c;
    EngineGroup group{{&a, &b, &c}, 60s};
};

const Error kRefused{Errc::Unavailable, "E_NET_REFUSED", "net.stream.connect", {}};

TEST_F(Group, AsksTheLeastBusy) {
    std::vector<Result<Answer>> held;
    for (int i = 0; i < 3; ++i)
        held.push_back(send());
    EXPECT_EQ(a.asked, 1);
    EXPECT_EQ(b.asked, 1);
    EXPECT_EQ(c.asked, 1);
    EXPECT_EQ(b.last, "POST /x");
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(held[1]);
        held[1]->reset();
        EXPECT_EQ(group.backends()[1].open, 0U);
        held[1] = send();
        EXPECT_EQ(group.backends()[1].open, 1U);
    }
    EXPECT_EQ(b.asked, 5);
    EXPECT_EQ(group.backends()[1].taken, 5U);
    held.clear();
    for (const BackendState& state : group.backends())
        EXPECT_EQ(state.open, 0U);
}

TEST_F(Group, EquallyBusyOnesAreAskedInTurn) {
    for (int i = 0; i < 9; ++i)
        EXPECT_TRUE(send());
    EXPECT_EQ(a.asked, 3);
    EXPECT_EQ(b.asked, 3);
    EXPECT_EQ(c.asked, 3);
}

TEST_F(Group, TheOneThatIsFreeIsAskedHoweverOften) {
    b.up = c.up = false;
    const auto first = send();
    const auto second = send();
    b.up = true;
    for (int i = 0; i < 4; ++i)
        EXPECT_TRUE(send());
    EXPECT_EQ(a.asked, 2);
    EXPECT_EQ(b.asked, 4);
    EXPECT_EQ(group.backends()[0].open, 2U);
}

TEST_F(Group, OneThatIsNotReadyIsNotAsked) {
    a.up = c.up = false;
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(send());
    EXPECT_EQ(b.asked, 3);
    EXPECT_TRUE(group.ready());
    b.up = false;
    EXPECT_FALSE(group.ready());
    EXPECT_EQ(refusal(), "E_ENGINE_UNAVAILABLE");
    EXPECT_EQ(a.asked + c.asked, 0);
    EXPECT_FALSE(group.starting());
    c.begins = true;
    EXPECT_TRUE(group.starting());
}

TEST_F(Group, OneThatCannotBeReachedIsPassedOver) {
    a.error = kRefused;
    for (int i = 0; i < 6; ++i)
        EXPECT_TRUE(send());
    EXPECT_EQ(b.asked + c.asked, 6);
    // Once was enough to know: it is asked last for a while.
    EXPECT_LE(a.asked, 1);
    EXPECT_EQ(group.backends()[0].passed_over, static_cast<std::uint64_t>(a.asked));
    EXPECT_EQ(group.backends()[0].taken, 0U);
    EXPECT_EQ(group.backends()[0].open, 0U);
    // But it is asked when it is the only one.
    b.up = c.up = false;
    a.error.reset();
    EXPECT_TRUE(send());
}

TEST_F(Group, AllUnreachableGivesTheLastError) {
    a.error = b.error = c.error = kRefused;
    EXPECT_EQ(refusal(), "E_NET_REFUSED");
    EXPECT_EQ(a.asked + b.asked + c.asked, 3);
}

TEST_F(Group, ARequestThatWasSentIsNotSentAgain) {
    for (Scripted* engine : {&a, &b, &c})
        engine->error = Error{Errc::Closed, "E_NET_CLOSED", "net.client.head", {}};
    EXPECT_EQ(refusal(), "E_NET_CLOSED");
    EXPECT_EQ(a.asked + b.asked + c.asked, 1);
    std::uint64_t failed = 0;
    for (const BackendState& state : group.backends())
        failed += state.failed;
    EXPECT_EQ(failed, 1U);
}

TEST_F(Group, ACancelledRequestIsGivenToNobodyElse) {
    for (Scripted* engine : {&a, &b, &c}) {
        engine->error = kRefused;
        engine->cancel_meanwhile = true;
    }
    EXPECT_EQ(refusal(), "E_NET_REFUSED");
    EXPECT_EQ(a.asked + b.asked + c.asked, 1);
}

TEST(EngineGroup, KnowsWhatWasNotSent) {
    const auto unreached = [](std::string_view rule, std::string_view where) {
        return is_unreached(Error{Errc::Closed, rule, where, {}});
    };
    for (const char* rule : {"E_NET_REFUSED", "E_NET_RESOLVE", "E_NET_SOCKET", "E_ENGINE_UNAVAILABLE",
                             "E_TLS_HANDSHAKE", "E_TLS_CERTIFICATE", "E_TLS_PIN"})
        EXPECT_TRUE(unreached(rule, "x")) << rule;
    EXPECT_TRUE(unreached("E_NET_TIMEOUT", "net.stream.connect"));
    EXPECT_TRUE(unreached("E_NET_TIMEOUT", "net.resolve"));
    for (const char* rule : {"E_NET_TIMEOUT", "E_NET_CLOSED", "E_TLS_RECORD", "E_HTTP_RESPONSE"})
        EXPECT_FALSE(unreached(rule, "net.stream.write")) << rule;
}

}  // namespace
}  // namespace lumoz::engine

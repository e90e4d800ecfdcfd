// SPDX-License-Identifier: Apache-2.0
#include "gateway/siblings.hpp"

#include "gateway/testing.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

constexpr std::string_view kNonce = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

TEST(WithSiblings, PutsTheirNodesBehindOurs) {
    const std::string report = R"({"all_attestations":[{"a":1}],"x":"\u0000]","model_attestations":[]})";
    EXPECT_EQ(with_siblings(report, {}), report);
    EXPECT_EQ(with_siblings(report, {R"({"gateway_attestation":{"b":1e5}})", R"({"gateway_attestation":7})",
                                     R"({"gateway_attestation":{"c":"é"}})", "broken"}),
              R"({"all_attestations":[{"a":1},{"b":1e5},{"c":"é"}],"x":"\u0000]",)"
              R"("model_attestations":[{"b":1e5},{"c":"é"}]})");
    const std::string self = R"({"signing_address":"0xa","all_attestations":[]})";
    EXPECT_EQ(with_siblings(self, {R"({"gateway_attestation":{"signing_address":"0xa"}})"}), self);
    EXPECT_NE(with_siblings(self, {R"({"gateway_attestation":{"signing_address":"0xb"}})"}), self);
    EXPECT_EQ(with_siblings("{}", {R"({"gateway_attestation":{}})"}), "{}");
}

TEST(Siblings, UrlsAreChecked) {
    EXPECT_TRUE(Siblings::make({}, std::chrono::seconds(1)).value()->empty());
    EXPECT_EQ(Siblings::make({"ftp://x"}, std::chrono::seconds(1)).error().rule, "E_URL");
}

/// A world whose siblings are routes of its scripted engine server.
struct Replicated {
    Replicated() {
        world.engine_routes.on("/good/v1/attestation/report",
                               answer(R"({"gateway_attestation":{"node":"b"}})"));
        world.engine_routes.on("/broken/v1/attestation/report", answer("no JSON"));
        const std::string base = "http://127.0.0.1:" + std::to_string(world.engine_server->port());
        siblings = *Siblings::make({base + "/good", base + "/broken", base + "/absent", "http://127.0.0.1:1"},
                                   std::chrono::milliseconds(2'000));
        world.service->siblings = siblings.get();
    }
    std::function<net::Task<void>(net::Exchange&)> answer(std::string text) {
        return [this, text](net::Exchange& exchange) -> net::Task<void> {
            asked.emplace_back(exchange.head().target);
            const net::Headers headers{{"Content-Type", "application/json"}};
            (void)co_await exchange.respond(200, headers, as_bytes(text));
        };
    }
    testing::World world;
    std::unique_ptr<Siblings> siblings;
    std::vector<std::string> asked;
};

net::Task<void> lists_all(Replicated& r) {
    const testing::Reply reply =
        co_await r.world.get("/v1/attestation/report?signing_algo=ed25519&nonce=" + std::string(kNonce));
    EXPECT_EQ(reply.status, 200);
    const auto document = json::Document::parse(reply.body, {.max_bytes = 1 << 20, .max_depth = 32});
    EXPECT_TRUE(document);
    if (!document) co_return;
    for (const std::string_view name : {"all_attestations", "model_attestations"}) {
        const auto nodes = document->root().find(name)->elements();
        EXPECT_EQ(nodes.size(), 2U);
        EXPECT_EQ(nodes.back().raw(), R"({"node":"b"})");
    }
    EXPECT_TRUE(document->root().find("gateway_attestation")->find("signing_address"));
    EXPECT_EQ(r.asked.size(), 2U);
    EXPECT_EQ(r.asked.front(), "/good/v1/attestation/report?signing_algo=ed25519&nonce=" +
                                   std::string(kNonce) + "&siblings=none");
}

TEST(Siblings, OneReportListsAllThatAnswer) {
    Replicated r;
    r.world.run(lists_all(r));
}

net::Task<void> drips(Replicated& r) {
    const net::TimePoint begin = r.world.loop.now();
    const testing::Reply reply = co_await r.world.get("/v1/attestation/report");
    EXPECT_EQ(reply.status, 200);
    EXPECT_LT(r.world.loop.now() - begin, std::chrono::seconds(3));
    EXPECT_FALSE(reply.body.contains("dripped"));
    EXPECT_TRUE(reply.body.contains(R"({"node":"b"})"));
}

TEST(Siblings, AReplicaWhoseAnswerDripsIsLeftOut) {
    Replicated r;
    r.world.engine_routes.on("/broken/v1/attestation/report", [&r](net::Exchange& e) -> net::Task<void> {
        const net::Headers headers{{"Content-Type", "application/json"}};
        EXPECT_TRUE(e.begin(200, headers, std::nullopt));
        const net::TimePoint end = r.world.loop.now() + std::chrono::seconds(6);
        while (r.world.loop.now() < end && co_await e.write(as_bytes(" ")))
            co_await r.world.loop.after(std::chrono::milliseconds(50));
        (void)co_await e.finish(as_bytes(R"({"gateway_attestation":{"node":"dripped"}})"));
    });
    r.world.run(drips(r));
}

net::Task<void> alone(Replicated& r) {
    const testing::Reply reply = co_await r.world.get("/v1/attestation/report?siblings=none");
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(r.asked.empty());
    const testing::Reply bad = co_await r.world.get("/v1/attestation/report?siblings=some");
    EXPECT_EQ(bad.status, 400);
}

TEST(Siblings, AReplicaThatIsAskedForItselfAsksNobody) {
    Replicated r;
    r.world.run(alone(r));
}

net::Task<void> by_address(Replicated& r) {
    const std::string stranger = "0x" + std::string(40, 'a');
    const testing::Reply theirs = co_await r.world.get("/v1/attestation/report?signing_address=" + stranger);
    EXPECT_EQ(theirs.status, 200);
    EXPECT_EQ(theirs.body, R"({"gateway_attestation":{"node":"b"}})");
    const testing::Reply none =
        co_await r.world.get("/v1/attestation/report?siblings=none&signing_address=" + stranger);
    EXPECT_EQ(none.status, 404);
    EXPECT_EQ(none.error_member("message"), "Signing address not found on this server");
}

TEST(Siblings, ANodeIsFoundByItsAddressWhicheverReplicaWasReached) {
    Replicated r;
    r.world.run(by_address(r));
}

}  // namespace
}  // namespace lumoz::gateway

// SPDX-License-Identifier: Apache-2.0
// Tokens that another service knows, from the request to the report of what it cost. The scripted engine's
// server plays that service too.
#include "gateway/key_check.hpp"

#include "gateway/pages.hpp"
#include "gateway/testing.hpp"
#include "net/tls_written.hpp"

#include <ctime>

namespace lumoz::gateway {
namespace {

using testing::Reply;
using testing::World;

const std::string kChat = "/v1/chat/completions";
const std::string kRequest = R"({"model":"m"})";

/// A world whose tokens `sk-…` are known elsewhere, with the answers of that service.
struct CloudWorld {
    explicit CloudWorld(std::function<void(Config&)> change = [](Config&) {})
        : w({.tokens = testing::token_line("alice", "tok"), .change = [change](Config& c) {
                 c.check_url = c.engine_url;
                 c.check_backoff = std::chrono::milliseconds(1);
                 change(c);
             }}) {
        w.engine_routes.on(kChat, [](net::Exchange& e) -> net::Task<void> {
            (void)co_await e.read_body(1 << 20);
            const net::Headers headers{{"Content-Type", "application/json"}};
            const std::string body =
                R"({"id":"chatcmpl-9","usage":{"prompt_tokens":3,"completion_tokens":4}})";
            (void)co_await e.respond(200, headers, as_bytes(body));
        });
        w.engine_routes.on("/v1/check_api_key", [this](net::Exchange& e) -> net::Task<void> {
            last_authorization = e.head().headers.get("Authorization");
            const int status = asked < statuses.size() ? statuses[asked] : statuses.back();
            ++asked;
            if (slow) co_await w.loop.after(std::chrono::milliseconds(1));
            const net::Headers none;
            (void)co_await e.respond(status, none, as_bytes("{}"));
        });
        w.engine_routes.on("/v1/usage", [this](net::Exchange& e) -> net::Task<void> {
            const auto body = co_await e.read_body(1 << 20);
            reports.push_back(body ? std::string(as_text(*body)) : "unread");
            report_authorization = e.head().headers.get("Authorization");
            const net::Headers none;
            (void)co_await e.respond(report_status, none, as_bytes("{}"));
        });
    }
    net::Task<void> wait_for_reports(std::size_t count) {
        while (reports.size() < count || w.gateway->reports_pending() != 0)
            co_await w.loop.after(std::chrono::milliseconds(1));
    }

    std::vector<int> statuses{200};  ///< one for each question; the last goes on
    std::size_t asked = 0;
    bool slow = false;  ///< takes a while for each
    std::string last_authorization;
    int report_status = 200;
    std::vector<std::string> reports;
    std::string report_authorization;
    World w;
};

std::string name_of(std::string_view token) {
    return external_name(crypto::sha256(as_bytes(token)));
}

TEST(KeyCheck, AGoodTokenIsServedUnderANameOfItsDigest) {
    CloudWorld c;
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        const Reply first = co_await c.w.post(kChat, kRequest, "sk-1");
        EXPECT_EQ(first.status, 200);
        EXPECT_EQ(c.last_authorization, "Bearer sk-1");
        EXPECT_EQ(c.w.store->last.owner, name_of("sk-1"));
        EXPECT_TRUE(c.w.store->last.owner.starts_with("key:"));
        EXPECT_EQ(c.w.store->last.owner.size(), 20U);
        const Reply second = co_await c.w.post(kChat, kRequest, "sk-1");
        EXPECT_EQ(second.status, 200);
        EXPECT_EQ(c.asked, 1U);
        const std::string receipt(second.headers.get("X-Receipt-Id"));
        const Reply own = co_await c.w.get("/v1/aci/receipts/" + receipt, "sk-1");
        EXPECT_EQ(own.status, 200);
        const Reply others = co_await c.w.get("/v1/aci/receipts/" + receipt, "sk-2");
        EXPECT_EQ(others.status, 404);
        const std::string metrics = metrics_page(*c.w.service);
        EXPECT_NE(metrics.find("lumoz_key_checks_total{outcome=\"ok\",kind=\"\"} 2\n"), std::string::npos);
        EXPECT_NE(metrics.find("cloud_api_auth_attempts_total{outcome=\"ok\",kind=\"\"} 2\n"),
                  std::string::npos);
        EXPECT_EQ(metrics.find("key:"), std::string::npos);
        EXPECT_EQ(metrics.find("sk-1"), std::string::npos);
    }(c));
}

TEST(KeyCheck, RefusalsAreFinalAndKeepTheirMeaning) {
    struct Row {
        int told;
        int status;
        std::string type;
        std::string retry;
    };
    for (const Row& row : std::vector<Row>{{402, 402, "insufficient_credits", "false"},
                                           {429, 429, "rate_limited", "true"},
                                           {401, 401, "unauthorized", "false"},
                                           {403, 401, "unauthorized", "false"},
                                           {404, 401, "unauthorized", "false"},
                                           {302, 401, "unauthorized", "false"}}) {
        SCOPED_TRACE(row.told);
        CloudWorld c;
        c.statuses = {row.told};
        c.w.run([](CloudWorld& c, Row row) -> net::Task<void> {
            for (int i = 0; i < 2; ++i) {
                const Reply reply = co_await c.w.post(kChat, kRequest, "sk-1");
                EXPECT_EQ(reply.status, row.status);
                EXPECT_EQ(reply.error_type(), row.type);
                EXPECT_EQ(reply.headers.get("x-should-retry"), row.retry);
                EXPECT_EQ(reply.headers.find("Retry-After").has_value(), row.status == 429);
            }
            EXPECT_EQ(c.asked, 1U);
            EXPECT_EQ(c.w.store->appended, 0U);
        }(c, row));
    }
}

TEST(KeyCheck, FailuresOfTheServiceAreTriedAgain) {
    CloudWorld c;
    c.statuses = {500, 503, 502, 200};
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        const Reply reply = co_await c.w.post(kChat, kRequest, "sk-1");
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(c.asked, 4U);
    }(c));
}

TEST(KeyCheck, AServiceThatFailsIsNoRefusalOfTheToken) {
    CloudWorld c;
    c.statuses = {500};
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        const Reply reply = co_await c.w.post(kChat, kRequest, "sk-1");
        EXPECT_EQ(reply.status, 503);
        EXPECT_EQ(reply.error_type(), "unavailable");
        EXPECT_EQ(reply.error_code(), "key_check_unavailable");
        EXPECT_EQ(reply.headers.get("x-should-retry"), "true");
        EXPECT_TRUE(reply.headers.find("Retry-After"));
        EXPECT_EQ(c.asked, 4U);
        c.statuses = {200};
        const Reply later = co_await c.w.post(kChat, kRequest, "sk-1");
        EXPECT_EQ(later.status, 200);
        const Reply of_file = co_await c.w.post(kChat, kRequest, "tok");
        EXPECT_EQ(of_file.status, 200);
    }(c));
}

TEST(KeyCheck, AServiceThatIsNotThereIsNoRefusalOfTheToken) {
    CloudWorld c([](Config& config) {
        config.check_url = "http://127.0.0.1:1";
        config.check_retries = 1;
    });
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        const Reply reply = co_await c.w.post(kChat, kRequest, "sk-1");
        EXPECT_EQ(reply.status, 503);
        const std::string metrics = metrics_page(*c.w.service);
        EXPECT_NE(metrics.find("lumoz_key_checks_total{outcome=\"transport_error\",kind=\"connect\"} 2\n"),
                  std::string::npos);
    }(c));
}

TEST(KeyCheck, ASlowServiceIsNotWaitedForLongerThanItsLimit) {
    CloudWorld c([](Config& config) {
        config.check_timeout = std::chrono::milliseconds(100);
        config.check_retries = 0;
    });
    c.w.engine_routes.on("/v1/check_api_key", [&c](net::Exchange& e) -> net::Task<void> {
        co_await c.w.loop.after(std::chrono::seconds(1));
        const net::Headers none;
        (void)co_await e.respond(200, none, as_bytes("{}"));
    });
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        const Reply reply = co_await c.w.post(kChat, kRequest, "sk-1");
        EXPECT_EQ(reply.status, 503);
        const std::string metrics = metrics_page(*c.w.service);
        EXPECT_NE(metrics.find("lumoz_key_checks_total{outcome=\"transport_error\",kind=\"timeout\"} 1\n"),
                  std::string::npos);
    }(c));
}

TEST(KeyCheck, OthersTokensAreNotAskedAbout) {
    CloudWorld c;
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        for (const std::string& token :
             {std::string("wrong"), std::string("SK-1"), "sk-" + std::string(510, 'a')}) {
            const Reply reply = co_await c.w.post(kChat, kRequest, token);
            EXPECT_EQ(reply.status, 401);
        }
        const Reply none = co_await c.w.post(kChat, kRequest);
        EXPECT_EQ(none.status, 401);
        const Reply known = co_await c.w.post(kChat, kRequest, "tok");
        EXPECT_EQ(known.status, 200);
        EXPECT_EQ(c.w.store->last.owner, "alice");
        EXPECT_EQ(c.asked, 0U);
        EXPECT_TRUE(c.reports.empty());
    }(c));
}

TEST(KeyCheck, OneQuestionForAllWhoAskAtOnce) {
    CloudWorld c;
    c.statuses = {500, 200};
    c.slow = true;
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        int done = 0;
        const auto one = [](CloudWorld& world, int& count) -> net::Task<void> {
            const Reply reply = co_await world.w.post(kChat, kRequest, "sk-1");
            EXPECT_EQ(reply.status, 200);
            ++count;
        };
        for (int i = 0; i < 8; ++i)
            c.w.loop.spawn(one(c, done));
        while (done < 8)
            co_await c.w.loop.after(std::chrono::milliseconds(1));
        EXPECT_EQ(c.asked, 2U);
    }(c));
}

TEST(KeyCheck, WhatIsRememberedEnds) {
    CloudWorld c([](Config& config) { config.check_cache = std::chrono::milliseconds(100); });
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        (void)co_await c.w.post(kChat, kRequest, "sk-1");
        co_await c.w.loop.after(std::chrono::milliseconds(150));
        c.statuses = {402};
        const Reply later = co_await c.w.post(kChat, kRequest, "sk-1");
        EXPECT_EQ(later.status, 402);
        EXPECT_EQ(c.asked, 2U);
    }(c));
}

TEST(KeyCheck, AsksByTlsOnlyTheServiceThatItTrusts) {
    CloudWorld c;
    const crypto::P256Key key = crypto::P256Key::generate();
    const std::int64_t now = std::time(nullptr);
    const std::string pem = net::make_self_signed(key, {"localhost"}, now - 60, now + 3'600);
    auto server_tls = net::TlsContext::server(key.private_pem_for_tls(), pem);
    ASSERT_TRUE(server_tls);
    const std::string pin = to_hex(server_tls->spki_sha256().view());
    net::ListenOptions options;
    options.tls = std::make_shared<const net::TlsContext>(std::move(*server_tls));
    const auto server = net::Server::listen(c.w.loop, options, {}, c.w.engine_routes);
    ASSERT_TRUE(server);
    Config config = c.w.config;
    config.check_url = "https://127.0.0.1:" + std::to_string((*server)->port());
    config.check_retries = 0;
    c.w.run([](CloudWorld& c, Config config, std::string pin) -> net::Task<void> {
        struct Row {
            std::string pin;
            CloudOutcome outcome;
        };
        for (const Row& row : std::vector<Row>{{pin, CloudOutcome::Ok},
                                               {std::string(64, '0'), CloudOutcome::Connect},
                                               {"", CloudOutcome::Connect}}) {
            config.check_spki_sha256 = row.pin;
            const auto tls = cloud_tls(config);
            EXPECT_TRUE(tls && *tls);
            CloudClient client(c.w.loop, config, *tls);
            std::string target = "/v1/check_api_key";
            std::string token = "sk-1";
            std::string body;
            CloudClient::Seen seen = [](CloudOutcome) {};
            const CloudOutcome outcome =
                co_await client.post(std::move(target), std::move(token), std::move(body), std::move(seen));
            EXPECT_EQ(outcome, row.outcome) << row.pin;
        }
        EXPECT_EQ(c.asked, 1U);
        config.check_ca_file = "/nonexistent/ca.pem";
        const auto no_ca = cloud_tls(config);
        EXPECT_FALSE(no_ca);
    }(c, config, pin));
}

TEST(KeyCheck, MemoryIsBoundedAndWrongTokensDriveNoGoodOneOut) {
    CloudWorld c;
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        Metrics metrics;
        CloudClient client(c.w.loop, c.w.config, nullptr);
        KeyCheck check(c.w.loop, c.w.config, client, metrics);
        std::string good = "sk-good";
        (void)co_await check.check(std::move(good));
        c.statuses = {401};
        for (int i = 0; i < 300; ++i) {
            std::string bad = "sk-" + std::to_string(i);
            const auto refused = co_await check.check(std::move(bad));
            EXPECT_FALSE(refused);
        }
        EXPECT_EQ(check.remembered(), 301U);
        const std::size_t asked = c.asked;
        std::string again = "sk-good";
        const auto known = co_await check.check(std::move(again));
        EXPECT_TRUE(known);
        EXPECT_EQ(c.asked, asked);
    }(c));
}

TEST(UsageReports, SayWhatAnAnswerCost) {
    CloudWorld c;
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        (void)co_await c.w.post(kChat, kRequest, "sk-1");
        co_await c.wait_for_reports(1);
        EXPECT_EQ(
            c.reports[0],
            R"({"type":"chat_completion","model":"m","input_tokens":3,"output_tokens":4,"id":"chatcmpl-9"})");
        EXPECT_EQ(c.report_authorization, "Bearer sk-1");
        const Reply refused = co_await c.w.post(kChat, "{nope", "sk-1");
        EXPECT_EQ(refused.status, 400);
        c.report_status = 500;
        const Reply reply = co_await c.w.post(kChat, kRequest, "sk-1");
        EXPECT_EQ(reply.status, 200);
        co_await c.wait_for_reports(5);
        EXPECT_EQ(c.reports.size(), 5U);
        const std::string metrics = metrics_page(*c.w.service);
        EXPECT_NE(metrics.find("lumoz_usage_reports_total{outcome=\"ok\",kind=\"\"} 1\n"), std::string::npos);
        EXPECT_NE(metrics.find("lumoz_usage_reports_total{outcome=\"upstream_5xx\",kind=\"\"} 1\n"),
                  std::string::npos);
    }(c));
}

TEST(UsageReports, CanBeTurnedOff) {
    CloudWorld c([](Config& config) { config.report_usage = false; });
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        const Reply reply = co_await c.w.post(kChat, kRequest, "sk-1");
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(c.w.gateway->reports_pending(), 0U);
        EXPECT_TRUE(c.reports.empty());
    }(c));
}

TEST(UsageReports, QueueIsBounded) {
    CloudWorld c;
    c.w.run([](CloudWorld& c) -> net::Task<void> {
        Metrics metrics;
        CloudClient client(c.w.loop, c.w.config, nullptr);
        UsageReports reports(c.w.loop, client, metrics);
        const UsageReport report{.images = true, .model = "i", .usage = {}, .image_count = 2, .id = "x"};
        for (int i = 0; i < 5'000; ++i)
            reports.add("sk-1", report);
        // The senders may have taken theirs by then.
        const std::uint64_t dropped = metrics.usage_reports_dropped.get();
        EXPECT_GE(dropped, 900U);
        EXPECT_LE(dropped, 904U);
        while (metrics.usage_reports_pending.get() != 0)
            co_await c.w.loop.after(std::chrono::milliseconds(1));
        EXPECT_EQ(c.reports.size(), 5'000 - dropped);
        EXPECT_EQ(c.reports[0], R"({"type":"image_generation","model":"i","image_count":2,"id":"x"})");
    }(c));
}

TEST(RequestLimits, CountByCredential) {
    World w({.tokens = testing::token_line("alice", "tok") + testing::token_line("bob", "bot"),
             .change = [](Config& c) { c.requests_per_credential = 2; }});
    w.run([](World& w) -> net::Task<void> {
        int refused = 0;
        for (int i = 0; i < 10; ++i) {
            const Reply reply = co_await w.get("/v1/usage", "tok");
            if (reply.status != 429) continue;
            ++refused;
            EXPECT_EQ(reply.error_type(), "rate_limited");
            EXPECT_EQ(reply.headers.get("Retry-After"), "1");
            EXPECT_EQ(reply.headers.get("x-should-retry"), "true");
        }
        EXPECT_GE(refused, 4);
        const Reply other = co_await w.get("/v1/usage", "bot");
        EXPECT_EQ(other.status, 200);
        const Reply open = co_await w.get("/health");
        EXPECT_EQ(open.status, 200);
    }(w));
}

}  // namespace
}  // namespace lumoz::gateway

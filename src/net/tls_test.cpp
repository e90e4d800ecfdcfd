// SPDX-License-Identifier: Apache-2.0
#include "net/tls.hpp"

#include "crypto/sha2.hpp"
#include "net/testing.hpp"
#include "net/tls_written.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace lumoz::net {
namespace {

using namespace std::chrono_literals;

const Headers kNone;

crypto::P256Key key_named(std::string_view label) {
    return crypto::P256Key::derive(crypto::sha256(as_bytes("net test")), label);
}

std::string certificate_for(const crypto::P256Key& key, const std::vector<std::string>& names) {
    const std::int64_t now = std::time(nullptr);
    return make_self_signed(key, names, now - 60, now + 3600);
}

class Tls : public ::testing::Test {
public:
    Tls() : key(key_named("server")), pem(certificate_for(key, {"localhost", "127.0.0.1"})) {
        auto context = TlsContext::server(key.private_pem_for_tls(), pem);
        EXPECT_TRUE(context);
        spki = context->spki_sha256();
        routes.on("/echo", [](Exchange& exchange) -> Task<void> {
            EXPECT_TRUE(exchange.over_tls());
            EXPECT_TRUE(exchange.tls_spki());
            const auto body = co_await exchange.read_body(4 << 20);
            if (!body) co_return;
            const Bytes copy = to_bytes(*body);
            (void)co_await exchange.respond(200, kNone, copy);
        });
        routes.on("/wait", [this](Exchange& exchange) -> Task<void> {
            (void)co_await exchange.read_body(100);
            exchange.on_peer_gone([this] { gone = true; });
            while (!gone && !go_on) {
                co_await exchange.loop().after(50ms);
            }
            (void)co_await exchange.respond(200, kNone, as_bytes("waited"));
        });
        ListenOptions options;
        options.tls = std::make_shared<const TlsContext>(std::move(*context));
        auto made = Server::listen(loop, options, Limits{.head_timeout = 300ms}, routes);
        EXPECT_TRUE(made);
        server = std::move(*made);
        url.scheme = Url::Scheme::Https;
        url.host = "127.0.0.1";
        url.port = server->port();
    }
    ClientOptions with(Result<TlsContext> context) {
        EXPECT_TRUE(context);
        ClientOptions options{.pool_size = 1};
        options.tls = std::make_shared<const TlsContext>(std::move(*context));
        return options;
    }
    Loop loop;
    testing::Routes routes;
    crypto::P256Key key;
    std::string pem;
    Digest256 spki;
    std::unique_ptr<Server> server;
    Url url;
    bool gone = false;
    bool go_on = false;
};

Task<std::string> post(Client& client, std::string body, Digest256* seen = nullptr) {
    const auto answer = co_await client.send("POST", "/echo", kNone, as_bytes(body));
    if (!answer) co_return std::string(answer.error().rule);
    if (seen != nullptr) *seen = (*answer)->peer_spki().value_or(Digest256{});
    const auto all = co_await (*answer)->read_all(4 << 20);
    co_return all ? std::string(as_text(*all)) : std::string(all.error().rule);
}

TEST_F(Tls, KnowsItsOwnKey) {
    EXPECT_EQ(spki, crypto::sha256(crypto::p256_spki(key.public_key())));
}

TEST_F(Tls, AcceptsThePinnedKeyAndRefusesAnother) {
    auto task = [](Tls& t) -> Task<void> {
        Client pinned(t.loop, t.url, t.with(TlsContext::client_with_pin(t.spki)));
        EXPECT_EQ(co_await post(pinned, "one"), "one");
        EXPECT_EQ(co_await post(pinned, "two"), "two");
        EXPECT_EQ(t.server->stats().accepted.load(), 1U);
        Client stranger(t.loop, t.url, t.with(TlsContext::client_with_pin(Digest256{})));
        EXPECT_EQ(co_await post(stranger, "three"), "E_TLS_PIN");
        EXPECT_EQ(t.server->stats().requests.load(), 2U);
    };
    testing::run(loop, task(*this));
}

TEST_F(Tls, ReportsTheKeyWhenNothingIsVerified) {
    auto task = [](Tls& t) -> Task<void> {
        Client client(t.loop, t.url, t.with(TlsContext::client_without_verification()));
        Digest256 seen;
        EXPECT_EQ(co_await post(client, "one", &seen), "one");
        EXPECT_EQ(seen, t.spki);
    };
    testing::run(loop, task(*this));
}

TEST_F(Tls, VerifiesAgainstACaAndTheName) {
    std::string file = (std::filesystem::temp_directory_path() / "lumoz-ca-XXXXXX").string();
    ::close(::mkstemp(file.data()));
    std::ofstream(file) << pem;
    auto task = [](Tls& t, std::string ca) -> Task<void> {
        Client by_address(t.loop, t.url, t.with(TlsContext::client_with_ca(ca)));
        EXPECT_EQ(co_await post(by_address, "one"), "one");
        t.url.host = "localhost";
        Client by_name(t.loop, t.url, t.with(TlsContext::client_with_ca(ca)));
        EXPECT_EQ(co_await post(by_name, "two"), "two");
        t.url.host = "127.0.0.2";
        Client other(t.loop, t.url, t.with(TlsContext::client_with_ca(ca)));
        const std::string wrong_name = co_await post(other, "three");
        EXPECT_TRUE(wrong_name == "E_TLS_CERTIFICATE" || wrong_name == "E_NET_REFUSED") << wrong_name;
        t.url.host = "127.0.0.1";
        Client system(t.loop, t.url, t.with(TlsContext::client_with_ca("")));
        EXPECT_EQ(co_await post(system, "four"), "E_TLS_CERTIFICATE");
    };
    testing::run(loop, task(*this, file));
    std::filesystem::remove(file);
}

TEST_F(Tls, MovesLargeBodiesBothWays) {
    auto task = [](Tls& t) -> Task<void> {
        Client client(t.loop, t.url, t.with(TlsContext::client_with_pin(t.spki)));
        std::string body(3 << 20, 'x');
        for (std::size_t i = 0; i < body.size(); i += 37) {
            body[i] = static_cast<char>('a' + i % 26);
        }
        const std::string back = co_await post(client, body);
        EXPECT_TRUE(back == body) << back.size();
    };
    testing::run(loop, task(*this));
}

TEST_F(Tls, TellsAWaitingHandlerThatTheClientIsGoneAlsoBehindPipelinedBytes) {
    auto task = [](Tls& t) -> Task<void> {
        for (const bool pipelined : {false, true}) {
            t.gone = false;
            auto stream =
                co_await Stream::connect(t.loop, Endpoint{"127.0.0.1", t.url.port}, t.loop.now() + 5s);
            EXPECT_TRUE(stream);
            const auto context = TlsContext::client_with_pin(t.spki);
            EXPECT_TRUE(co_await stream->tls_connect(*context, "", t.loop.now() + 5s));
            testing::RawClient client{std::move(*stream), {}, false};
            EXPECT_TRUE(co_await client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
            co_await t.loop.after(50ms);
            if (pipelined) {
                EXPECT_TRUE(
                    co_await client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nz"));
                co_await t.loop.after(100ms);
            }
            EXPECT_FALSE(t.gone);
            client.stream.close();
            for (int i = 0; i < 40 && !t.gone; ++i) {
                co_await t.loop.after(10ms);
            }
            EXPECT_TRUE(t.gone);
        }
    };
    testing::run(loop, task(*this));
}

TEST_F(Tls, KeepsPipelinedBytesWhileItWatches) {
    auto task = [](Tls& t) -> Task<void> {
        auto stream = co_await Stream::connect(t.loop, Endpoint{"127.0.0.1", t.url.port}, t.loop.now() + 5s);
        const auto context = TlsContext::client_with_pin(t.spki);
        EXPECT_TRUE(co_await stream->tls_connect(*context, "", t.loop.now() + 5s));
        testing::RawClient client{std::move(*stream), {}, false};
        EXPECT_TRUE(co_await client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_TRUE(co_await client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nnext"));
        co_await t.loop.after(100ms);
        t.go_on = true;
        EXPECT_TRUE(co_await client.read_until(t.loop, "\r\n\r\nnext"));
        EXPECT_TRUE(client.seen.contains("\r\n\r\nwaited"));
    };
    testing::run(loop, task(*this));
}

TEST_F(Tls, EndsHandshakesThatDoNotComeAndPlainBytes) {
    auto task = [](Tls& t) -> Task<void> {
        testing::RawClient silent = co_await testing::RawClient::open(t.loop, t.url.port);
        testing::RawClient plain = co_await testing::RawClient::open(t.loop, t.url.port);
        EXPECT_TRUE(co_await plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_TRUE(co_await plain.read_to_end(t.loop));
        EXPECT_TRUE(co_await silent.read_to_end(t.loop));
        EXPECT_EQ(t.server->stats().requests.load(), 0U);
    };
    testing::run(loop, task(*this));
}

TEST_F(Tls, TakesAnEndWithoutCloseNotifyForACut) {
    routes.on("/cut", [](Exchange& exchange) -> Task<void> {
        (void)exchange.begin(200, kNone, std::nullopt);
        (void)co_await exchange.write(as_bytes("part"));
        exchange.abort();
    });
    auto task = [](Tls& t) -> Task<void> {
        Client client(t.loop, t.url, t.with(TlsContext::client_with_pin(t.spki)));
        const auto answer = co_await client.send("GET", "/cut", kNone, {});
        EXPECT_TRUE(answer);
        if (!answer) co_return;
        const auto all = co_await (*answer)->read_all(100);
        EXPECT_FALSE(all);
        if (!all) EXPECT_EQ(all.error().rule, "E_NET_CLOSED");
    };
    testing::run(loop, task(*this));
}

TEST_F(Tls, ANewKeyIsForNewConnectionsAndEndsOldOnesAfterTheirAnswer) {
    auto task = [](Tls& t) -> Task<void> {
        Client client(t.loop, t.url, t.with(TlsContext::client_without_verification()));
        Digest256 seen;
        EXPECT_EQ(co_await post(client, "one", &seen), "one");
        EXPECT_EQ(seen, t.spki);
        // Another certificate of the same key: the connection stays.
        auto renewed = TlsContext::server(t.key.private_pem_for_tls(), certificate_for(t.key, {"renewed"}));
        EXPECT_TRUE(renewed);
        t.server->use_tls(std::make_shared<const TlsContext>(std::move(*renewed)));
        EXPECT_EQ(co_await post(client, "two", &seen), "two");
        EXPECT_EQ(co_await post(client, "three", &seen), "three");
        EXPECT_EQ(t.server->stats().accepted.load(), 1U);
        const crypto::P256Key other = key_named("other");
        auto changed = TlsContext::server(other.private_pem_for_tls(), certificate_for(other, {"other"}));
        EXPECT_TRUE(changed);
        t.server->use_tls(std::make_shared<const TlsContext>(std::move(*changed)));
        EXPECT_EQ(co_await post(client, "four", &seen), "four");
        EXPECT_EQ(seen, t.spki);
        EXPECT_EQ(co_await post(client, "five", &seen), "five");
        EXPECT_EQ(seen, crypto::sha256(crypto::p256_spki(other.public_key())));
        EXPECT_EQ(t.server->stats().accepted.load(), 2U);
    };
    testing::run(loop, task(*this));
}

TEST(TlsContext, RefusesKeysAndCertificatesThatDoNotFit) {
    const crypto::P256Key key = key_named("a");
    const crypto::P256Key other = key_named("b");
    const std::string pem = certificate_for(key, {"x"});
    const auto mixed = TlsContext::server(other.private_pem_for_tls(), pem);
    ASSERT_FALSE(mixed);
    EXPECT_EQ(mixed.error().rule, "E_TLS_KEY");
    const auto no_key = TlsContext::server("nothing", pem);
    ASSERT_FALSE(no_key);
    EXPECT_EQ(no_key.error().rule, "E_TLS_KEY");
    const auto no_certificate = TlsContext::server(key.private_pem_for_tls(), "nothing");
    ASSERT_FALSE(no_certificate);
    EXPECT_EQ(no_certificate.error().rule, "E_TLS_CERTIFICATE");
    const auto no_ca = TlsContext::client_with_ca("/nothing/here.pem");
    ASSERT_FALSE(no_ca);
    EXPECT_EQ(no_ca.error().rule, "E_TLS_CA");
}

}  // namespace
}  // namespace lumoz::net

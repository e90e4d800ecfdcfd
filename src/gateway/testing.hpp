// SPDX-License-Identifier: Apache-2.0
// What the tests of gateway/ share: a whole service in one thread between a real client and a scripted
// engine, with real keys and a real SQLite store; only the TEE is a double.
#pragma once

#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/sha2.hpp"
#include "engine/url_engine.hpp"
#include "gateway/gateway.hpp"
#include "identity/collateral_file.hpp"
#include "identity/service_keys.hpp"
#include "net/testing.hpp"
#include "store/sqlite_store.hpp"

#include <filesystem>
#include <thread>
#include <unistd.h>

namespace lumoz::gateway::testing {

class TestClock final : public Clock {
public:
    [[nodiscard]] UnixTime now() const override { return time; }
    std::atomic<UnixTime> time{1'800'000'000};
};

/// A TEE that answers with bytes in the layout of a TDX quote; nothing signs them.
class TestDevice final : public tee::Device {
public:
    [[nodiscard]] std::string_view kind() const override { return "guest-agent"; }
    [[nodiscard]] std::string_view tee_type() const override { return "tdx"; }
    Result<tee::Evidence> quote(const ReportData& report_data) override {
        if (failing) return fail(Errc::Io, "E_TEE_IO", "test", "");
        tee::Evidence evidence;
        evidence.quote.assign(1'020, 0);
        evidence.quote[0] = 4;
        evidence.quote[2] = 2;
        evidence.quote[4] = 0x81;
        std::ranges::copy(report_data.bytes, evidence.quote.begin() + 568);
        return evidence;
    }
    Result<tee::GuestInfo> info() override { return tee::GuestInfo{"{}"}; }
    std::atomic<bool> failing = false;
};

/// The real store, with a switch that makes commits fail.
class TestStore final : public store::ReceiptStore {
public:
    explicit TestStore(store::ReceiptStore& real) : real_(real) {}
    void append(store::Record record, Done done) override {
        ++appended;
        last = record;
        if (failing) return done(fail(Errc::Io, "E_STORE_IO", "test", ""));
        real_.append(std::move(record), std::move(done));
    }
    Result<std::optional<store::StoredRecord>> find(std::optional<std::string_view> owner,
                                                    std::string_view id) override {
        return real_.find(owner, id);
    }
    Status put_keyset(store::KeysetEvidence keyset) override { return real_.put_keyset(std::move(keyset)); }
    Result<std::optional<store::KeysetEvidence>> keyset(std::string_view digest) override {
        return real_.keyset(digest);
    }
    Result<std::vector<store::UsageTotal>> usage(std::string_view owner) override {
        if (failing) return fail(Errc::Io, "E_STORE_IO", "test", "");
        return real_.usage(owner);
    }
    [[nodiscard]] Status healthy() const override {
        if (unhealthy) return fail(Errc::Io, "E_STORE_SPACE", "test", "");
        return real_.healthy();
    }
    [[nodiscard]] store::StoreCounters counters() const override { return real_.counters(); }
    void upkeep_now() override { real_.upkeep_now(); }

    bool failing = false;
    bool unhealthy = false;
    std::size_t appended = 0;
    store::Record last;

private:
    store::ReceiptStore& real_;
};

/// A listening socket of this machine, for engines that no server of ours could play.
class Listener {
public:
    Listener();
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    /// The next connection; negative when `close` was called.
    [[nodiscard]] int accept() const;
    void close() const;
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
    int fd_ = -1;
    std::uint16_t port_ = 0;
};

/// An engine of raw bytes on a thread of its own: answers each connection with `script(request)`'s pieces and
/// closes it.
class RawEngine {
public:
    using Script = std::function<std::vector<std::string>()>;
    explicit RawEngine(Script script);
    ~RawEngine();
    RawEngine(const RawEngine&) = delete;
    RawEngine& operator=(const RawEngine&) = delete;
    [[nodiscard]] std::string url() const { return listener_.url(); }

private:
    void serve();
    Script script_;
    Listener listener_;
    std::thread thread_;
};

/// What a client got.
struct Reply {
    int status = 0;
    net::Headers headers;
    std::string body;
    bool clean = false;  ///< the answer ended as HTTP says

    [[nodiscard]] std::string error_type() const;
    [[nodiscard]] std::string error_code() const;
    [[nodiscard]] std::string error_member(std::string_view name) const;
};

struct WorldOptions {
    std::string tokens = {};  ///< content of the token file; empty: authentication off
    std::function<void(Config&)> change = [](Config&) {};
    std::optional<std::string> engine_url = std::nullopt;  ///< absent: the scripted engine of `engine_routes`
};

class World {
public:
    explicit World(WorldOptions options = {});
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    /// Runs a test's task on the loop after the engine was probed.
    void run(net::Task<void> task);
    net::Task<Reply> ask(std::string method, std::string target, net::Headers headers, std::string body);
    net::Task<Reply> post(std::string target, std::string body, std::string token = {});
    net::Task<Reply> get(std::string target, std::string token = {});
    [[nodiscard]] std::uint16_t port() const { return server->port(); }
    /// The stored receipt, parsed; fails the test when there is none.
    [[nodiscard]] std::string receipt(const std::string& id);

    TestClock clock;
    std::filesystem::path dir;
    net::Loop loop;
    net::testing::Routes engine_routes;
    std::unique_ptr<net::Server> engine_server;
    Config config;
    std::optional<identity::ServiceKeys> keys;
    identity::PublicIdentity identity;
    std::optional<receipt::Signer> signer;
    TestDevice device;
    std::optional<identity::CollateralFile> collateral;
    std::unique_ptr<store::ReceiptStore> sqlite;
    std::optional<TestStore> store;
    std::optional<identity::Attestor> attestor;
    std::optional<identity::Reports> reports;
    std::optional<engine::UrlEngine> engine;
    std::unique_ptr<Service> service;
    std::optional<Gateway> gateway;
    std::unique_ptr<net::Server> server;
    std::unique_ptr<net::Client> client;
    std::string last_engine_body;
    net::Headers last_engine_headers;
    std::string last_engine_target;

private:
    net::Task<void> probe_then(net::Task<void> task);
    bool probing_ = false;
};

/// The scripted engine answers `path` with these pieces, each written apart from the others, and the world
/// notes what it was asked. Not `clean`: the connection breaks behind the last piece.
void script(World& world, const std::string& path, std::vector<std::string> pieces,
            std::string type = "application/json", int status = 200, bool clean = true);

/// A line of a token file.
[[nodiscard]] std::string token_line(const std::string& name, std::string_view token);
/// `sha256:` hex of a text.
[[nodiscard]] std::string sha256_of(std::string_view text);
/// body_hash of the first event of that type.
[[nodiscard]] std::string event_hash(std::string_view receipt_json, std::string_view type);
/// The raw event of that type, empty when there is none.
[[nodiscard]] std::string event_of(std::string_view receipt_json, std::string_view type);

}  // namespace lumoz::gateway::testing

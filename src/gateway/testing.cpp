// SPDX-License-Identifier: Apache-2.0
#include "gateway/testing.hpp"

#include "gateway/catch_all.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace lumoz::gateway::testing {

Listener::Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(fd_, 64), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
}

Listener::~Listener() {
    ::close(fd_);
}

int Listener::accept() const {
    return ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
}

void Listener::close() const {
    ::shutdown(fd_, SHUT_RDWR);
}

RawEngine::RawEngine(Script script) : script_(std::move(script)), thread_([this] { serve(); }) {}

RawEngine::~RawEngine() {
    listener_.close();
    thread_.join();
}

void RawEngine::serve() {
    while (true) {
        const int peer = listener_.accept();
        if (peer < 0) return;
        std::array<char, 8'192> buffer{};
        std::string request;
        std::size_t want = std::string::npos;
        while (request.size() < want) {
            const ssize_t got = ::recv(peer, buffer.data(), buffer.size(), 0);
            if (got <= 0) break;
            request.append(buffer.data(), static_cast<std::size_t>(got));
            const std::size_t end = request.find("\r\n\r\n");
            if (end == std::string::npos) continue;
            want = end + 4;
            const std::size_t length = request.find("Content-Length: ");
            if (length < end) want += std::stoul(request.substr(length + 16));
        }
        const bool health = request.starts_with("GET ");
        const std::vector<std::string> pieces =
            health ? std::vector<std::string>{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"} : script_();
        for (const std::string& piece : pieces)
            if (::send(peer, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) break;
        ::shutdown(peer, SHUT_WR);
        // Wait for the other side, so that what was sent is not lost by a reset.
        while (::recv(peer, buffer.data(), buffer.size(), 0) > 0) {
        }
        ::close(peer);
    }
}

std::string Reply::error_member(std::string_view name) const {
    const auto parsed = json::Document::parse(body);
    if (!parsed) return "not JSON";
    const auto error = parsed->root().find("error");
    const auto member = error ? error->find(name) : std::nullopt;
    return member ? member->as_string().value_or("null") : "absent";
}
std::string Reply::error_type() const {
    return error_member("type");
}
std::string Reply::error_code() const {
    return error_member("code");
}

World::World(WorldOptions options) {
    static std::atomic<int> number{0};
    dir = std::filesystem::temp_directory_path() /
          ("lumoz-gateway-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
    std::filesystem::create_directories(dir);
    engine_routes.on("/health", [](net::Exchange& exchange) -> net::Task<void> {
        const net::Headers none;
        (void)co_await exchange.respond(200, none, as_bytes("ok"));
    });
    engine_server = *net::Server::listen(loop, {}, {}, engine_routes);
    config.engine_kind = EngineKind::Url;
    config.model_name = "m";
    config.engine_first_byte_timeout = std::chrono::milliseconds(2'000);
    config.engine_idle_timeout = std::chrono::milliseconds(2'000);
    config.engine_url =
        options.engine_url.value_or("http://127.0.0.1:" + std::to_string(engine_server->port()));
    options.change(config);

    keys.emplace(std::move(*identity::ServiceKeys::generate(clock)));
    identity::ServiceFacts facts;
    facts.models.push_back({"m", "sha256:" + std::string(64, 'a')});
    identity = identity::describe(*keys, std::move(facts));
    signer.emplace(receipt::SigningKeys{.v1_ecdsa = keys->v1_secp256k1,
                                        .v1_ed25519 = keys->v1_ed25519,
                                        .aci_receipt = keys->aci_receipt_ed25519},
                   std::string(identity::kReceiptKeyId), identity.keyset_digest);
    collateral.emplace("", clock);
    store::SqliteOptions store_options;
    store_options.directory = dir / "receipts";
    store_options.min_free_bytes = 0;
    store_options.ballast_bytes = 0;
    sqlite = *store::open_sqlite_store(store_options, clock);
    store.emplace(*sqlite);
    const Status put = store->put_keyset({.keyset_digest = identity.keyset_digest,
                                          .made_at = identity.born_at,
                                          .not_after = identity.not_after,
                                          .signers = signer->addresses(),
                                          .evidence = R"({"evidence":"of birth"})"});
    EXPECT_TRUE(put);
    attestor.emplace(device);
    reports.emplace(identity, identity::TeeFacts{.tee_type = "tdx"}, *attestor, *collateral, clock);
    engine::UrlEngineOptions engine_options;
    engine_options.url = *net::parse_url(config.engine_url);
    engine_options.client.head_timeout = config.engine_first_byte_timeout;
    engine_options.client.read_timeout = config.engine_idle_timeout;
    engine.emplace(std::move(engine_options));
    if (!options.tokens.empty() && config.token_file.empty()) config.token_file = "given";
    Digest256 root;
    root.bytes.fill(0xaa);
    service.reset(new Service{.config = config,
                              .attestor = *attestor,
                              .collateral = *collateral,
                              .store = *store,
                              .clock = clock,
                              .version = "0.0.0"});
    service->keys.set(std::make_shared<const KeyEpoch>(identity, *signer, *reports));
    service->models.set(std::make_shared<const ModelTable>(std::vector<Model>{
        {.name = "m",
         .engine = *engine,
         .event = receipt::ModelEvent{.model_root = root, .method = "files", .publisher_key = {}},
         .speaks = config.engine_speaks,
         .tidy_requests = config.engine_tidy_requests,
         .catch_all = catch_all_allowed(config)}}));
    service->attested = true;
    if (authentication_on(config)) {
        auto table = TokenTable::parse(options.tokens);
        EXPECT_TRUE(table);
        service->credentials.set(std::make_shared<const TokenTable>(std::move(*table)));
    }
    gateway.emplace(loop, *service);
    net::Limits limits;
    limits.write_timeout = config.write_timeout;
    server = *net::Server::listen(loop, {}, limits, *gateway);
    net::ClientOptions client_options;
    client_options.read_timeout = std::chrono::seconds(10);
    client = std::make_unique<net::Client>(
        loop, *net::parse_url("http://127.0.0.1:" + std::to_string(server->port())), client_options);
}

World::~World() {
    attestor.reset();
    sqlite.reset();
    std::error_code ignored;
    std::filesystem::remove_all(dir, ignored);
}

net::Task<void> World::probe_then(net::Task<void> task) {
    if (!probing_) loop.spawn(engine->probe_forever(loop));
    probing_ = true;
    while (!engine->ready())
        co_await loop.after(std::chrono::milliseconds(1));
    co_await std::move(task);
}

void World::run(net::Task<void> task) {
    net::testing::run(loop, probe_then(std::move(task)), std::chrono::seconds(120));
}

net::Task<Reply> World::ask(std::string method, std::string target, net::Headers headers, std::string body) {
    Reply reply;
    auto sent = co_await client->send(std::move(method), std::move(target), headers, as_bytes(body));
    if (!sent) co_return reply;
    const std::unique_ptr<net::ClientExchange> exchange = std::move(*sent);
    reply.status = exchange->head().status;
    reply.headers = exchange->head().headers;
    while (true) {
        const Result<ByteView> piece = co_await exchange->read_some();
        if (!piece) break;
        if (piece->empty()) {
            reply.clean = true;
            break;
        }
        reply.body.append(as_text(*piece));
    }
    co_return reply;
}

net::Task<Reply> World::post(std::string target, std::string body, std::string token) {
    net::Headers headers{{"Content-Type", "application/json"}};
    if (!token.empty()) headers.add("Authorization", "Bearer " + token);
    co_return co_await ask("POST", std::move(target), std::move(headers), std::move(body));
}

net::Task<Reply> World::get(std::string target, std::string token) {
    net::Headers headers;
    if (!token.empty()) headers.add("Authorization", "Bearer " + token);
    co_return co_await ask("GET", std::move(target), std::move(headers), std::string());
}

std::string World::receipt(const std::string& id) {
    const auto found = store->find(std::nullopt, id);
    EXPECT_TRUE(found && *found) << "no receipt " << id;
    return found && *found ? (*found)->record.receipt_json : std::string("{}");
}

void script(World& world, const std::string& path, std::vector<std::string> pieces, std::string type,
            int status, bool clean) {
    world.engine_routes.on(path,
                           [&world, pieces = std::move(pieces), type = std::move(type), status,
                            clean](net::Exchange& e) -> net::Task<void> {
                               const Result<ByteView> asked = co_await e.read_body(1 << 20);
                               world.last_engine_body = asked ? std::string(as_text(*asked)) : "unread";
                               world.last_engine_headers = e.head().headers;
                               world.last_engine_target = e.head().method + " " + e.head().target;
                               const net::Headers headers{{"Content-Type", type}};
                               EXPECT_TRUE(e.begin(status, headers, std::nullopt));
                               for (const std::string& piece : pieces) {
                                   (void)co_await e.write(as_bytes(piece));
                                   co_await world.loop.after(std::chrono::milliseconds(1));
                               }
                               if (clean) {
                                   (void)co_await e.finish();
                               } else {
                                   e.abort();
                               }
                           });
}

std::string token_line(const std::string& name, std::string_view token) {
    return name + " sha256:" + to_hex(crypto::sha256(as_bytes(token)).view()) + "\n";
}

std::string sha256_of(std::string_view text) {
    return "sha256:" + to_hex(crypto::sha256(as_bytes(text)).view());
}

std::string event_of(std::string_view receipt_json, std::string_view type) {
    const auto parsed = json::Document::parse(receipt_json);
    if (!parsed) return {};
    const auto events = parsed->root().find("event_log");
    if (!events) return {};
    for (const json::Value& event : events->elements())
        if (event.find("type")->as_string() == type) return std::string(event.raw());
    return {};
}

std::string event_hash(std::string_view receipt_json, std::string_view type) {
    const std::string event = event_of(receipt_json, type);
    const auto parsed = json::Document::parse(event);
    if (!parsed) return {};
    return parsed->root().find("body_hash")->as_string().value_or("");
}

}  // namespace lumoz::gateway::testing

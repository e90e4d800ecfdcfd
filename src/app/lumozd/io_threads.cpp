// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/io_threads.hpp"

namespace lumoz::app {
namespace {

/// After the cut, receipts are written and connections closed within this.
constexpr std::chrono::seconds kCutGrace{10};

net::Limits limits_of(const gateway::Config& config) {
    net::Limits limits;
    limits.head.bytes = static_cast<std::size_t>(config.max_header_bytes);
    limits.head_timeout = config.header_timeout;
    limits.body_timeout = config.body_timeout;
    limits.idle_timeout = config.idle_timeout;
    limits.write_timeout = config.write_timeout;
    limits.max_connections = static_cast<std::size_t>(config.max_connections);
    return limits;
}

std::size_t thread_count(const gateway::Config& config) {
    if (config.io_threads > 0) return static_cast<std::size_t>(config.io_threads);
    return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Status IoThreads::add_listeners(const gateway::HostPort& where,
                                const std::shared_ptr<const net::TlsContext>& tls,
                                const gateway::Config& config) {
    std::uint16_t port = where.port;
    for (const std::unique_ptr<Part>& part : parts_) {
        net::ListenOptions options;
        options.address = where.host;
        options.port = port;
        options.reuse_port = true;
        options.tls = tls;
        options.open_together = open_;
        LUMOZ_TRY(auto server,
                  net::Server::listen(part->loop, std::move(options), limits_of(config), part->gateway));
        port = server->port();
        if (tls) part->tls_server = server.get();
        part->servers.push_back(std::move(server));
        ++listening_;
    }
    const bool v6 = where.host.find(':') != std::string::npos;
    addresses_.push_back((tls ? "https://" : "http://") + (v6 ? "[" + where.host + "]" : where.host) + ":" +
                         std::to_string(port));
    return {};
}

Result<std::unique_ptr<IoThreads>> IoThreads::listen(gateway::Service& service,
                                                     std::shared_ptr<const net::TlsContext> tls) {
    const gateway::Config& config = service.config;
    std::unique_ptr<IoThreads> out(new IoThreads);
    for (std::size_t i = 0; i < thread_count(config); ++i)
        out->parts_.push_back(std::make_unique<Part>(service));
    LUMOZ_TRY(const gateway::HostPort plain, gateway::parse_host_port(config.listen));
    LUMOZ_CHECK_OK(out->add_listeners(plain, nullptr, config));
    if (tls) {
        LUMOZ_TRY(const gateway::HostPort secure, gateway::parse_host_port(config.tls_listen));
        LUMOZ_CHECK_OK(out->add_listeners(secure, tls, config));
    }
    return out;
}

IoThreads::~IoThreads() {
    stop();
}

void IoThreads::run() {
    for (const std::unique_ptr<Part>& part : parts_)
        part->thread = std::thread([raw = part.get()] { raw->loop.run(); });
}

void IoThreads::use_tls(const std::shared_ptr<const net::TlsContext>& tls) {
    for (const std::unique_ptr<Part>& part : parts_)
        part->loop.post([server = part->tls_server, tls] { server->use_tls(tls); });
}

net::Task<void> IoThreads::drain_server(net::Server& server, net::Duration limit) {
    const bool clean = co_await server.drain(limit + kCutGrace);
    if (!clean) cut_any_ = true;
    --listening_;
}

net::Task<void> IoThreads::cut_after(Part& part, net::Duration limit) {
    co_await part.loop.after(limit);
    if (part.gateway.active() == 0) co_return;
    cut_any_ = true;
    part.gateway.cut_all();
}

void IoThreads::begin_drain(net::Duration limit) {
    for (const std::unique_ptr<Part>& part : parts_) {
        Part* raw = part.get();
        raw->loop.post([this, raw, limit] {
            for (const std::unique_ptr<net::Server>& server : raw->servers)
                raw->loop.spawn(drain_server(*server, limit));
            raw->loop.spawn(cut_after(*raw, limit));
        });
    }
}

bool IoThreads::drained() const {
    return listening_.load() == 0 &&
           std::ranges::all_of(parts_, [](const auto& part) { return part->gateway.active() == 0; });
}

std::uint64_t IoThreads::reports_pending() const {
    std::uint64_t total = 0;
    for (const std::unique_ptr<Part>& part : parts_)
        total += part->gateway.reports_pending();
    return total;
}

void IoThreads::stop() {
    for (const std::unique_ptr<Part>& part : parts_)
        part->loop.stop();
    for (const std::unique_ptr<Part>& part : parts_)
        if (part->thread.joinable()) part->thread.join();
}

}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
#include "net/client_core.hpp"
#include "net/resolve.hpp"

#include <algorithm>

namespace lumoz::net {

void ClientConnection::enter_pool(Duration idle) {
    begin = end = 0;
    Deadline::set(Clock::now() + idle);
    // A server has nothing to say between two answers: whatever comes, its end included, ends the connection.
    stream.watch([this] {
        if (const auto owner = owner_.lock()) owner->drop(*this);
        return false;
    });
}

void ClientConnection::leave_pool() {
    Deadline::clear();
    stream.watch({});
}

void ClientConnection::expired() {
    if (const auto owner = owner_.lock()) owner->drop(*this);
}

Task<Result<std::unique_ptr<ClientConnection>>> Client::Core::open() {
    const TimePoint deadline = loop.now() + options.connect_timeout;
    std::vector<Endpoint> endpoints;
    if (url.scheme == Url::Scheme::Unix) {
        endpoints.push_back({url.socket_path, 0});
    } else {
        LUMOZ_CO_TRY(endpoints, co_await resolve(loop, url.host, url.port, deadline));
    }
    Result<Stream> opened = fail(Errc::Unavailable, "E_NET_RESOLVE", "net.client.connect");
    for (const Endpoint& to : endpoints) {
        opened = co_await Stream::connect(loop, to, deadline);
        if (opened) break;
    }
    if (!opened) co_return std::unexpected(std::move(opened).error());
    if (url.scheme == Url::Scheme::Https) {
        if (!options.tls) co_return fail(Errc::Usage, "E_TLS_CONTEXT", "net.client.tls");
        LUMOZ_CO_CHECK_OK(co_await opened->tls_connect(*options.tls, url.host, deadline));
    }
    co_return std::make_unique<ClientConnection>(loop, weak_from_this(), std::move(*opened));
}

std::unique_ptr<ClientConnection> Client::Core::take() {
    while (!idle.empty()) {
        std::unique_ptr<ClientConnection> connection = std::move(idle.back());
        idle.pop_back();
        connection->leave_pool();
        if (connection->stream.is_open()) return connection;
    }
    return nullptr;
}

void Client::Core::give(std::unique_ptr<ClientConnection> connection) {
    constexpr std::size_t kKeep = std::size_t{64} << 10;
    if (closed || idle.size() >= options.pool_size || connection->in.capacity() > kKeep) return;
    connection->enter_pool(options.pool_idle);
    idle.push_back(std::move(connection));
}

void Client::Core::drop(const ClientConnection& connection) {
    const auto at = std::ranges::find(idle, &connection, &std::unique_ptr<ClientConnection>::get);
    if (at == idle.end()) return;
    const std::unique_ptr<ClientConnection> dropped = std::move(*at);
    idle.erase(at);
}

}  // namespace lumoz::net

// SPDX-License-Identifier: Apache-2.0
#include "net/server.hpp"

#include "net/connection.hpp"
#include "net/server_core.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace lumoz::net {

namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr std::chrono::milliseconds kAcceptPause{100};

std::unexpected<Error> listen_error(std::string_view where) {
    return fail(Errc::Io, "E_NET_LISTEN", where, "errno " + std::to_string(errno));
}

/// Binds and listens; takes over `fd`.
Result<int> bind_and_listen(int fd, const sockaddr* address, socklen_t size, int backlog) {
    if (::bind(fd, address, size) == 0 && ::listen(fd, backlog) == 0) return fd;
    const int error = errno;
    ::close(fd);
    errno = error;
    return listen_error("net.server.bind");
}

Task<void> serve(std::shared_ptr<Server::Core> server, Stream stream) {
    Connection connection(std::move(server), std::move(stream));
    co_await connection.run();
}

}  // namespace

Server::Core::Core(Loop& owner, ListenOptions listen_options, Limits given, Handler& serves)
    : Deadline(owner), loop(owner), options(std::move(listen_options)), limits(given), handler(serves) {
    if (!options.open_together) options.open_together = std::make_shared<std::atomic<std::int64_t>>(0);
}

Server::Core::~Core() {
    stop_accepting();
}

Result<int> Server::Core::listen_tcp() {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    const bool is_v4 = inet_pton(AF_INET, options.address.c_str(), &v4.sin_addr) == 1;
    if (!is_v4 && inet_pton(AF_INET6, options.address.c_str(), &v6.sin6_addr) != 1) {
        return fail(Errc::Usage, "E_NET_LISTEN", "net.server.address", "not a numeric address");
    }
    const int fd = ::socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return listen_error("net.server.socket");
    const int on = 1;
    (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (options.reuse_port) (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(options.port);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(options.port);
    const auto* address =
        is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
    const auto size = static_cast<socklen_t>(is_v4 ? sizeof v4 : sizeof v6);
    LUMOZ_TRY(const int listening, bind_and_listen(fd, address, size, options.backlog));
    sockaddr_storage bound{};
    socklen_t bound_size = sizeof bound;
    if (::getsockname(listening, reinterpret_cast<sockaddr*>(&bound), &bound_size) == 0) {
        // Both families have the port at the same place.
        std::memcpy(&v4, &bound, sizeof v4);
        port = ntohs(v4.sin_port);
    }
    return listening;
}

Result<int> Server::Core::listen_unix() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (options.unix_path.size() >= sizeof address.sun_path) {
        return fail(Errc::Usage, "E_NET_LISTEN", "net.server.unix_path", "path too long");
    }
    std::memcpy(address.sun_path, options.unix_path.data(), options.unix_path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return listen_error("net.server.socket");
    return bind_and_listen(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address, options.backlog);
}

Status Server::Core::open() {
    LUMOZ_TRY(const int fd, options.unix_path.empty() ? listen_tcp() : listen_unix());
    acceptor_.emplace(loop.context());
    boost::system::error_code error;
    acceptor_->assign(boost::asio::generic::stream_protocol(AF_INET, 0), fd, error);
    if (error) {
        ::close(fd);
        acceptor_.reset();
        return fail(Errc::Io, "E_NET_LISTEN", "net.server.assign");
    }
    attach(loop);
    arm();
    return {};
}

void Server::Core::arm() {
    if (!acceptor_) return;
    acceptor_->async_wait(Acceptor::wait_read,
                          [weak = weak_from_this()](const boost::system::error_code& error) {
                              const auto self = weak.lock();
                              if (self && !error) self->accept_some();
                          });
}

void Server::Core::accept_some() {
    for (int i = 0; i < kAcceptsPerTurn && acceptor_; ++i) {
        const int fd = ::accept4(acceptor_->native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK) break;
            // The client left before it was accepted.
            if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO) continue;
            // No descriptors or memory: connections that end make room; the queue of the kernel waits.
            stats.accept_errors.fetch_add(1, std::memory_order_relaxed);
            Deadline::set(loop.now() + kAcceptPause);
            return;
        }
        if (options.open_together->load(std::memory_order_relaxed) >=
            static_cast<std::int64_t>(limits.max_connections)) {
            refuse(fd);
            continue;
        }
        stats.accepted.fetch_add(1, std::memory_order_relaxed);
        loop.spawn(serve(shared_from_this(), Stream(loop, fd)));
    }
    arm();
}

void Server::Core::refuse(int fd) {
    stats.refused.fetch_add(1, std::memory_order_relaxed);
    if (!options.tls) {
        const std::string body = handler.error_body(503);
        const std::string text =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: " +
            std::to_string(body.size()) +
            "\r\nRetry-After: 1\r\nx-should-retry: true\r\nConnection: close\r\n\r\n" + body;
        // Unread input would turn the close into a reset, which can throw the answer away.
        std::array<char, 4096> unread;
        (void)::recv(fd, unread.data(), unread.size(), MSG_DONTWAIT);
        // Nobody waits for a client that does not take this at once.
        (void)::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)::shutdown(fd, SHUT_WR);
    }
    ::close(fd);
}

void Server::Core::expired() {
    arm();
}

void Server::Core::loop_ends() {
    acceptor_.reset();
}

void Server::Core::stop_accepting() {
    Deadline::clear();
    if (!acceptor_) return;
    acceptor_.reset();
    detach();
    if (!options.unix_path.empty()) (void)::unlink(options.unix_path.c_str());
}

void Server::Core::close_idle() {
    for (Connection* c = connections; c != nullptr; c = c->next) {
        if (c->idle()) c->cut();
    }
}

void Server::Core::close_all() {
    for (Connection* c = connections; c != nullptr; c = c->next) {
        c->cut();
    }
}

void Server::Core::tell_soon() {
    if (telling_) return;
    telling_ = true;
    loop.post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->tell_all();
    });
}

void Server::Core::tell_all() {
    telling_ = false;
    for (Connection* c = connections; c != nullptr;) {
        if (!c->must_tell()) {
            c = c->next;
            continue;
        }
        // A handler that is told can end its own connection and others: the walk starts again.
        c->tell_gone();
        c = connections;
    }
}

std::unique_ptr<Buffers> Server::Core::take_buffers() {
    if (spare_.empty()) return std::make_unique<Buffers>();
    std::unique_ptr<Buffers> out = std::move(spare_.back());
    spare_.pop_back();
    return out;
}

void Server::Core::give_buffers(std::unique_ptr<Buffers> buffers) {
    constexpr std::size_t kKeep = std::size_t{64} << 10;
    if (spare_.size() >= kKeptBuffers || buffers->in.capacity() > kKeep || buffers->body.capacity() > kKeep) {
        return;
    }
    spare_.push_back(std::move(buffers));
}

Server::Server(std::shared_ptr<Core> core) : core_(std::move(core)) {}

Server::~Server() {
    core_->draining = true;
    core_->stop_accepting();
    core_->close_all();
}

Result<std::unique_ptr<Server>> Server::listen(Loop& loop, ListenOptions options, Limits limits,
                                               Handler& handler) {
    auto core = std::make_shared<Core>(loop, std::move(options), limits, handler);
    LUMOZ_CHECK_OK(core->open());
    return std::unique_ptr<Server>(new Server(std::move(core)));
}

std::uint16_t Server::port() const {
    return core_->port;
}
const ServerStats& Server::stats() const {
    return core_->stats;
}

void Server::use_tls(std::shared_ptr<const TlsContext> tls) {
    core_->options.tls = std::move(tls);
}

Task<bool> Server::drain(Duration limit) {
    const std::shared_ptr<Core> core = core_;
    core->draining = true;
    core->stop_accepting();
    core->close_idle();
    const TimePoint until = core->loop.now() + limit;
    while (core->connections != nullptr && core->loop.now() < until) {
        co_await core->loop.after(kSweepStep);
        core->close_idle();
    }
    const bool ended = core->connections == nullptr;
    if (!ended) {
        core->close_all();
        // Handlers are told and can put their affairs in order.
        co_await core->loop.after(kSweepStep);
    }
    co_return ended;
}

}  // namespace lumoz::net

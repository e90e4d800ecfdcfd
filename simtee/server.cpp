// SPDX-License-Identifier: Apache-2.0
#include "simtee/server.hpp"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace lumoz::simtee {
namespace {

using Deadline = std::chrono::steady_clock::time_point;
constexpr int kBacklog = 64;
constexpr auto kIdleTurn = std::chrono::hours(1);
constexpr auto kPauseAfterFailure = std::chrono::milliseconds(10);

std::unexpected<Error> socket_error(std::string_view what, int error) {
    return fail(Errc::Io, "E_SOCKET", "simtee.server",
                std::string(what) + ": " + std::system_category().message(error));
}

/// True when `fd` is ready; false at the deadline or when `stop` is readable.
bool wait_for(int fd, short events, int stop, Deadline deadline) {
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd entries[2] = {{.fd = fd, .events = events, .revents = 0},
                             {.fd = stop, .events = POLLIN, .revents = 0}};
        const int n = ::poll(entries, 2, static_cast<int>(left.count()));
        if (n < 0 && errno != EINTR) return false;
        if (n <= 0) continue;
        return entries[1].revents == 0;
    }
}

bool is_readable(int fd) {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) > 0;
}

bool send_all(int fd, std::string_view text, int stop, Deadline deadline) {
    while (!text.empty()) {
        if (!wait_for(fd, POLLOUT, stop, deadline)) return false;
        const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno != EAGAIN && errno != EINTR) {
            return false;
        }
    }
    return true;
}

/// Makes room for a new socket. A connection that is refused shows that nobody listens any more.
Status clear_stale(const std::string& path, const sockaddr_un& address) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        return errno == ENOENT ? Status() : Status(socket_error("lstat", errno));
    }
    if (!S_ISSOCK(status.st_mode)) {
        return fail(Errc::Usage, "E_SOCKET", "simtee.server",
                    "there is something at the path that is no socket");
    }
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return socket_error("socket", errno);
    const int connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::close(probe);
    if (connected == 0 || error != ECONNREFUSED) {
        return fail(Errc::Usage, "E_SOCKET", "simtee.server", "somebody listens at the path already");
    }
    return ::unlink(path.c_str()) == 0 ? Status() : Status(socket_error("unlink", errno));
}

Status bind_private(int fd, const sockaddr_un& address) {
    // The mode must be right from the first moment. The process has one thread at this point.
    const mode_t old = ::umask(0177);
    const int bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::umask(old);
    if (bound != 0) return socket_error("bind", error);
    if (::listen(fd, kBacklog) != 0) return socket_error("listen", errno);
    return {};
}

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(const std::string& path, const Service& service,
                                               const ServerLimits& limits) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return fail(Errc::Usage, "E_SOCKET", "simtee.server", "the path is empty or too long for a socket");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    LUMOZ_CHECK_OK(clear_stale(path, address));
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return socket_error("socket", errno);
    const Status bound = bind_private(fd, address);
    const int stop = bound ? ::eventfd(0, EFD_CLOEXEC) : -1;
    if (!bound || stop < 0) {
        ::close(fd);
        return bound ? socket_error("eventfd", errno) : std::unexpected(bound.error());
    }
    return std::unique_ptr<Server>(new Server(path, fd, stop, service, limits));
}

Server::Server(std::string path, int listener, int stop, const Service& service, const ServerLimits& limits)
    : path_(std::move(path)),
      listener_(listener),
      stop_(stop),
      service_(service),
      limits_(limits),
      acceptor_([this] { accept_loop(); }) {}

Server::~Server() {
    const std::uint64_t one = 1;
    // An eventfd takes a first 8 bytes always.
    if (::write(stop_, &one, sizeof one) != sizeof one) std::abort();
    acceptor_.join();
    ::unlink(path_.c_str());
    ::close(listener_);
    ::close(stop_);
}

void Server::accept_loop() {
    while (!is_readable(stop_)) {
        if (!wait_for(listener_, POLLIN, stop_, Deadline::clock::now() + kIdleTurn)) continue;
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        reap(false);
        if (fd < 0) {
            // Out of descriptors, most likely: give the connections time to end.
            std::this_thread::sleep_for(kPauseAfterFailure);
            continue;
        }
        if (connections_.size() >= limits_.connections) {
            const std::string answer = http_answer(503, error_json("too many connections"), false);
            (void)::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            ::close(fd);
            continue;
        }
        Connection& connection = connections_.emplace_back();
        connection.thread = std::thread([this, fd, &connection] {
            serve(fd);
            ::close(fd);
            connection.done = true;
        });
    }
    reap(true);
}

void Server::reap(bool all) {
    std::erase_if(connections_, [all](Connection& connection) {
        if (!all && !connection.done) return false;
        connection.thread.join();
        return true;
    });
}

void Server::serve(int fd) const {
    HttpRequestParser parser;
    char buffer[16384];
    Deadline deadline = Deadline::clock::now() + limits_.request_time;
    for (;;) {
        auto request = parser.next();
        if (!request) {
            send_all(fd, http_answer(request.error().status, error_json(request.error().text), false), stop_,
                     deadline);
            return;
        }
        if (*request) {
            const bool keep = (*request)->keep_alive;
            const ServiceAnswer answer = service_.handle(**request);
            if (!send_all(fd, http_answer(answer.status, answer.json, keep), stop_, deadline) || !keep)
                return;
            deadline = Deadline::clock::now() + limits_.request_time;
            continue;
        }
        if (!wait_for(fd, POLLIN, stop_, deadline)) return;
        const ssize_t n = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return;
        if (n > 0) parser.feed({buffer, static_cast<std::size_t>(n)});
    }
}

}  // namespace lumoz::simtee

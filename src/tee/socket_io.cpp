// SPDX-License-Identifier: Apache-2.0
#include "tee/socket_io.hpp"

#include <sys/socket.h>
// The kernel's header for vsock uses types of the one above.
#include <cerrno>
#include <cstring>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <sys/un.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.socket";

std::unexpected<Error> io_error(std::string_view what, int error) {
    return fail(Errc::Io, "E_TEE_IO", kWhere,
                std::string(what) + ": " + std::system_category().message(error));
}
std::unexpected<Error> timed_out(std::string_view what) {
    return fail(Errc::Timeout, "E_TEE_TIMEOUT", kWhere, std::string(what) + ": time limit reached");
}

/// Waits until the descriptor is ready for `events`, or fails at the deadline.
Status wait_for(int fd, short events, Deadline deadline, std::string_view what) {
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return timed_out(what);
        pollfd entry{.fd = fd, .events = events, .revents = 0};
        const int wait = static_cast<int>(std::min<std::chrono::milliseconds::rep>(left.count(), 60000));
        const int n = ::poll(&entry, 1, wait);
        if (n > 0) return {};
        if (n < 0 && errno != EINTR) return io_error(what, errno);
    }
}

/// Waits for a connection that is under way.
Status finish_connect(int fd, Deadline deadline) {
    LUMOZ_CHECK_OK(wait_for(fd, POLLOUT, deadline, "connect"));
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return io_error("connect", errno);
    if (error != 0) return io_error("connect", error);
    return {};
}

}  // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

Result<Descriptor> unix_connect(const std::string& path, Deadline deadline) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return fail(Errc::Usage, "E_TEE_IO", kWhere, "the path is empty or too long for a socket");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd.get() < 0) return io_error("socket", errno);
    // A Unix socket never answers EINPROGRESS; EAGAIN means that the listener's queue is full right now.
    while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return io_error("connect", errno);
        if (std::chrono::steady_clock::now() >= deadline) return timed_out("connect");
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return fd;
}

Result<Descriptor> vsock_connect(std::uint32_t cid, std::uint32_t port, Deadline deadline) {
    sockaddr_vm address{};
    address.svm_family = AF_VSOCK;
    address.svm_cid = cid;
    address.svm_port = port;
    Descriptor fd(::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd.get() < 0) return io_error("socket", errno);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno != EINPROGRESS && errno != EINTR) return io_error("connect", errno);
        LUMOZ_CHECK_OK(finish_connect(fd.get(), deadline));
    }
    return fd;
}

Status send_all(int fd, ByteView bytes, Deadline deadline) {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(n));
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            LUMOZ_CHECK_OK(wait_for(fd, POLLOUT, deadline, "send"));
        } else if (n == 0 || errno != EINTR) {
            return io_error("send", errno);
        }
    }
    return {};
}

Result<std::size_t> receive_some(int fd, std::span<std::uint8_t> out, Deadline deadline) {
    for (;;) {
        LUMOZ_CHECK_OK(wait_for(fd, POLLIN, deadline, "receive"));
        const ssize_t n = ::recv(fd, out.data(), out.size(), 0);
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) return io_error("receive", errno);
    }
}

}  // namespace lumoz::tee

// SPDX-License-Identifier: Apache-2.0
#include "tee/unix_http.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
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

Status send_all(int fd, std::string_view text, Deadline deadline) {
    while (!text.empty()) {
        const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (n > 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            LUMOZ_CHECK_OK(wait_for(fd, POLLOUT, deadline, "send"));
        } else if (n == 0 || errno != EINTR) {
            return io_error("send", errno);
        }
    }
    return {};
}

Result<HttpAnswer> read_answer(int fd, std::size_t max_body, Deadline deadline) {
    HttpAnswerParser parser(max_body);
    std::array<char, 16384> buffer;
    while (!parser.done()) {
        LUMOZ_CHECK_OK(wait_for(fd, POLLIN, deadline, "receive"));
        const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (n == 0) {
            return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere, "the answer ends before it is whole");
        }
        if (n < 0) {
            if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) continue;
            return io_error("receive", errno);
        }
        LUMOZ_CHECK_OK(parser.feed({buffer.data(), static_cast<std::size_t>(n)}));
    }
    return std::move(parser).take();
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

Result<HttpAnswer> unix_post(const std::string& path, std::string_view target, std::string_view json,
                             std::size_t max_body, Deadline deadline) {
    LUMOZ_TRY(const Descriptor fd, unix_connect(path, deadline));
    std::string request = "POST ";
    request.append(target).append(
        " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: application/json\r\n"
        "Content-Type: application/json\r\nContent-Length: ");
    request.append(std::to_string(json.size())).append("\r\n\r\n").append(json);
    LUMOZ_CHECK_OK(send_all(fd.get(), request, deadline));
    return read_answer(fd.get(), max_body, deadline);
}

}  // namespace lumoz::tee

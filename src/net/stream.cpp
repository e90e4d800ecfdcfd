// SPDX-License-Identifier: Apache-2.0
#include "net/stream.hpp"

#include "net/stream_core.hpp"

#include <boost/asio/io_context.hpp>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

namespace lumoz::net {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kMaxParts = 16;

std::unexpected<Error> closed(std::string_view where, int error = 0) {
    return fail(Errc::Closed, "E_NET_CLOSED", where, error == 0 ? "" : "errno " + std::to_string(error));
}

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

/// Address of an endpoint for the system calls.
struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

Result<Address> to_address(const Endpoint& to) {
    Address out;
    if (to.is_unix()) {
        sockaddr_un un{};
        un.sun_family = AF_UNIX;
        if (to.address.size() >= sizeof un.sun_path) {
            return fail(Errc::Usage, "E_NET_ADDRESS", "net.stream.unix_path", "path too long");
        }
        std::memcpy(un.sun_path, to.address.data(), to.address.size());
        std::memcpy(&out.storage, &un, sizeof un);
        out.size = sizeof un;
        return out;
    }
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET, to.address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(to.port);
        std::memcpy(&out.storage, &v4, sizeof v4);
        out.size = sizeof v4;
        return out;
    }
    if (inet_pton(AF_INET6, to.address.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(to.port);
        std::memcpy(&out.storage, &v6, sizeof v6);
        out.size = sizeof v6;
        return out;
    }
    return fail(Errc::Usage, "E_NET_ADDRESS", "net.stream.address", "not a numeric address");
}

/// Begins a connection. 0, EINPROGRESS, or the reason against it.
int begin_connect(int fd, const Address& address) {
    const auto* raw = reinterpret_cast<const sockaddr*>(&address.storage);
    return ::connect(fd, raw, address.size) == 0 ? 0 : errno;
}

}  // namespace

Stream::Core::Core(Loop& owner, int fd)
    : Deadline(owner),
      loop(owner),
      socket(std::in_place, owner.context()),
      readable_(owner),
      writable_(owner) {
    const int on = 1;
    // Not a TCP socket: the call fails and nothing is lost.
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    boost::system::error_code error;
    // The family is not used after the socket exists.
    socket->assign(asio::generic::stream_protocol(AF_INET, 0), fd, error);
    if (error) {
        ::close(fd);
        socket.reset();
        return;
    }
    attach(owner);
}

Result<std::optional<std::size_t>> Stream::Core::plain_read(std::span<std::uint8_t> into) {
    for (;;) {
        const ssize_t n = ::recv(fd(), into.data(), into.size(), MSG_DONTWAIT);
        if (n >= 0) {
            // A short read has emptied the socket; readiness is reported again if more came since.
            maybe_readable_ = static_cast<std::size_t>(n) == into.size() || n == 0;
            return static_cast<std::size_t>(n);
        }
        if (errno == EINTR) continue;
        if (would_block(errno)) {
            maybe_readable_ = false;
            return std::nullopt;
        }
        return closed("net.stream.read", errno);
    }
}

Result<std::optional<std::size_t>> Stream::Core::try_read(std::span<std::uint8_t> into) {
    if (!socket) return closed("net.stream.read");
    if (!maybe_readable_ || into.empty()) return std::nullopt;
    if (!tls) return plain_read(into);
    auto got = tls->read(into);
    if (got && (!*got || (**got < into.size() && !tls->has_pending()))) maybe_readable_ = false;
    if (got && *got && **got == 0) maybe_readable_ = true;
    return got;
}

Result<std::size_t> Stream::Core::plain_write(std::span<const ByteView> parts) {
    std::array<iovec, kMaxParts> iov;
    std::size_t count = 0;
    for (const ByteView& part : parts) {
        if (part.empty()) continue;
        if (count == iov.size()) break;
        iov[count++] = {const_cast<std::uint8_t*>(part.data()), part.size()};
    }
    if (count == 0) return std::size_t{0};
    msghdr message{};
    message.msg_iov = iov.data();
    message.msg_iovlen = count;
    for (;;) {
        const ssize_t n = ::sendmsg(fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno == EINTR) continue;
        if (would_block(errno)) return std::size_t{0};
        return closed("net.stream.write", errno);
    }
}

Result<std::size_t> Stream::Core::try_write(std::span<const ByteView> parts) {
    if (!socket) return closed("net.stream.write");
    return tls ? tls->write(parts) : plain_write(parts);
}

void Stream::Core::arm_read() {
    if (read_armed_ || !socket) return;
    read_armed_ = true;
    socket->async_wait(Socket::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                           self->on_readable(error.failed());
                       });
}

void Stream::Core::arm_write() {
    if (write_armed_ || !socket) return;
    write_armed_ = true;
    socket->async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code&) {
        self->on_writable();
    });
}

void Stream::Core::on_readable(bool aborted) {
    read_armed_ = false;
    if (!aborted) maybe_readable_ = true;
    if (readable_.waiting()) {
        readable_.fire();
        return;
    }
    if (!watcher_ || !socket) return;
    if (!aborted) {
        call_watcher();
        return;
    }
    arm_read();
}

void Stream::Core::call_watcher() {
    // The function may replace or end the watch while it runs.
    std::move_only_function<bool()> fn = std::move(watcher_);
    watcher_ = nullptr;
    const bool keep = fn();
    if (!keep || watcher_ || !socket) return;
    watcher_ = std::move(fn);
    arm_read();
}

void Stream::Core::on_writable() {
    write_armed_ = false;
    if (writable_.waiting()) writable_.fire();
}

void Stream::Core::expired() {
    timed_out_ = true;
    boost::system::error_code ignored;
    if (socket) socket->cancel(ignored);
}

Task<Status> Stream::Core::wait_readable(TimePoint deadline) {
    if (tls && tls->read_wants_write()) co_return co_await wait_writable(deadline);
    if (!socket) co_return closed("net.stream.read");
    if (maybe_readable_) co_return Status{};
    timed_out_ = false;
    Deadline::set(deadline);
    arm_read();
    co_await readable_.wait();
    Deadline::clear();
    if (!socket) co_return closed("net.stream.read");
    if (timed_out_) co_return fail(Errc::Timeout, "E_NET_TIMEOUT", "net.stream.read");
    co_return Status{};
}

Task<Status> Stream::Core::wait_writable(TimePoint deadline) {
    // A TLS reader can wait here too, when it has to answer a new key of the peer; only one can be told.
    while (writable_.waiting())
        co_await loop.after(kSweepStep);
    if (!socket) co_return closed("net.stream.write");
    timed_out_ = false;
    Deadline::set(deadline);
    arm_write();
    co_await writable_.wait();
    Deadline::clear();
    if (!socket) co_return closed("net.stream.write");
    if (timed_out_) co_return fail(Errc::Timeout, "E_NET_TIMEOUT", "net.stream.write");
    co_return Status{};
}

void Stream::Core::watch(std::move_only_function<bool()> fn) {
    watcher_ = std::move(fn);
    if (!watcher_ || !socket) return;
    if (!maybe_readable_) {
        arm_read();
        return;
    }
    loop.post([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && self->watcher_ && self->socket && !self->readable_.waiting()) self->call_watcher();
    });
}

void Stream::Core::close() {
    Deadline::clear();
    if (!socket) return;
    if (tls) tls->shutdown();
    boost::system::error_code ignored;
    socket->close(ignored);
    socket.reset();
    detach();
}

void Stream::Core::reset() {
    if (!socket) return;
    const linger now{1, 0};
    (void)::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    if (tls) tls->abandon();
    close();
}

Stream::Stream(Loop& loop, int fd) : core_(std::make_shared<Core>(loop, fd)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream::~Stream() {
    close();
}
Stream& Stream::operator=(Stream&& other) noexcept {
    if (this == &other) return *this;
    close();
    core_ = std::move(other.core_);
    return *this;
}

Task<Result<Stream>> Stream::connect(Loop& loop, Endpoint to, TimePoint deadline) {
    LUMOZ_CO_TRY(const Address address, to_address(to));
    for (;;) {
        const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            co_return fail(Errc::Limit, "E_NET_SOCKET", "net.stream.connect",
                           "errno " + std::to_string(errno));
        }
        int error = begin_connect(fd, address);
        Stream stream(loop, fd);
        if (error == EAGAIN && to.is_unix() && loop.now() < deadline) {
            // The listener's queue is full; a Unix socket does not report when that changes.
            stream.close();
            co_await loop.after(kSweepStep);
            continue;
        }
        if (error == EINPROGRESS) {
            if (Status connected = co_await stream.core_->wait_writable(deadline); !connected) {
                // Told apart from a request that was sent in part.
                Error late = std::move(connected).error();
                late.where = "net.stream.connect";
                co_return std::unexpected(std::move(late));
            }
            socklen_t size = sizeof error;
            (void)::getsockopt(stream.core_->fd(), SOL_SOCKET, SO_ERROR, &error, &size);
        }
        if (error == 0) co_return stream;
        co_return fail(Errc::Unavailable, "E_NET_REFUSED", "net.stream.connect",
                       "errno " + std::to_string(error));
    }
}

Task<Result<std::size_t>> Stream::read_some(std::span<std::uint8_t> into, TimePoint deadline) {
    const std::shared_ptr<Core> core = core_;
    for (;;) {
        LUMOZ_CO_TRY(const std::optional<std::size_t> got, core->try_read(into));
        if (got) co_return *got;
        LUMOZ_CO_CHECK_OK(co_await core->wait_readable(deadline));
    }
}

Result<std::optional<std::size_t>> Stream::try_read(std::span<std::uint8_t> into) {
    return core_->try_read(into);
}
Task<Status> Stream::wait_readable(TimePoint deadline) {
    return core_->wait_readable(deadline);
}

Result<std::size_t> Stream::try_write(std::span<const ByteView> parts) {
    return core_->try_write(parts);
}

Task<Status> Stream::write(std::span<const ByteView> parts, Duration patience) {
    std::size_t total = 0;
    for (const ByteView& part : parts) {
        total += part.size();
    }
    LUMOZ_CO_TRY(const std::size_t sent, core_->try_write(parts));
    if (sent == total) co_return Status{};
    co_return co_await write_rest(parts, sent, patience);
}

Task<Status> Stream::write_rest(std::span<const ByteView> parts, std::size_t skip, Duration patience) {
    const std::shared_ptr<Core> core = core_;
    std::vector<ByteView> rest(parts.begin(), parts.end());
    std::size_t first = 0;
    for (;;) {
        while (first < rest.size() && skip >= rest[first].size()) {
            skip -= rest[first].size();
            ++first;
        }
        if (first == rest.size()) co_return Status{};
        rest[first] = rest[first].subspan(skip);
        const std::span<const ByteView> left(rest.data() + first, rest.size() - first);
        LUMOZ_CO_TRY(skip, core->try_write(left));
        if (skip > 0) continue;
        LUMOZ_CO_CHECK_OK(co_await core->wait_writable(core->loop.now() + patience));
    }
}

void Stream::watch(std::move_only_function<bool()> fn) {
    core_->watch(std::move(fn));
}

void Stream::close() {
    if (!core_) return;
    const std::shared_ptr<Core> core = core_;
    core->close();
}

void Stream::shutdown_write() {
    if (!is_open()) return;
    if (core_->tls) core_->tls->shutdown();
    (void)::shutdown(core_->fd(), SHUT_WR);
}

void Stream::reset() {
    if (core_) core_->reset();
}

bool Stream::is_open() const {
    return core_ && core_->socket.has_value();
}
bool Stream::over_tls() const {
    return core_ && core_->tls != nullptr;
}
std::optional<Digest256> Stream::peer_spki() const {
    return core_->peer_spki;
}

std::string Stream::peer() const {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (!is_open() || ::getpeername(core_->fd(), reinterpret_cast<sockaddr*>(&storage), &size) != 0)
        return "";
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (storage.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &storage, sizeof v4);
        (void)inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
        return std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port));
    }
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &storage, sizeof v6);
        (void)inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
        return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
    }
    return "unix";
}

}  // namespace lumoz::net

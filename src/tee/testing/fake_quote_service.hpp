// SPDX-License-Identifier: Apache-2.0
// For tests: a quote generation service at the other end of a socket pair, and a TDREPORT device, both doing
// what the test tells them.
#pragma once

#include "tee/quote_service.hpp"
#include "tee/td_report.hpp"

#include <atomic>
#include <functional>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace lumoz::tee::testing {

/// A message as it is on the wire, each part as the test wants it. `prefix` and `size` are right unless set.
struct QgsAnswer {
    std::uint16_t major = 1;
    std::uint16_t minor = 1;
    std::uint32_t type = 1;
    std::uint32_t error = 0;
    Bytes id = {};
    Bytes quote = {};
    std::optional<std::uint32_t> id_size = {};
    std::optional<std::uint32_t> quote_size = {};
    std::optional<std::uint32_t> size = {};
    std::optional<std::uint32_t> prefix = {};
    bool body = true;

    [[nodiscard]] Bytes message() const {
        Bytes out;
        const auto put = [&out](std::uint32_t value, unsigned bytes) {
            for (unsigned i = 0; i < bytes; ++i)
                out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
        };
        const std::size_t real = 16 + (body ? 8 + id.size() + quote.size() : 0);
        put(major, 2);
        put(minor, 2);
        put(type, 4);
        put(size.value_or(static_cast<std::uint32_t>(real)), 4);
        put(error, 4);
        if (!body) return out;
        put(id_size.value_or(static_cast<std::uint32_t>(id.size())), 4);
        put(quote_size.value_or(static_cast<std::uint32_t>(quote.size())), 4);
        append(out, id);
        append(out, quote);
        return out;
    }
    [[nodiscard]] Bytes wire() const {
        const Bytes inner = message();
        const std::uint32_t length = prefix.value_or(static_cast<std::uint32_t>(inner.size()));
        Bytes out;
        for (const unsigned shift : {24U, 16U, 8U, 0U})
            out.push_back(static_cast<std::uint8_t>(length >> shift));
        append(out, inner);
        return out;
    }
};

class FakeQuoteService {
public:
    /// Gets the request (prefix included) and a function that sends bytes; the connection closes when it
    /// returns.
    using Behaviour = std::function<void(const Bytes& request, const std::function<bool(ByteView)>& send)>;

    explicit FakeQuoteService(Behaviour behaviour) : behaviour_(std::move(behaviour)) {}
    FakeQuoteService(const FakeQuoteService&) = delete;
    FakeQuoteService& operator=(const FakeQuoteService&) = delete;
    ~FakeQuoteService() {
        stop_ = true;
        for (std::thread& thread : threads_)
            thread.join();
    }
    [[nodiscard]] bool stopping() const { return stop_; }

    /// Every call is a connection of its own. Requires: calls do not overlap.
    [[nodiscard]] Connect connect() {
        return [this](Deadline) -> Result<Descriptor> {
            int ends[2];
            if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
                return fail(Errc::Io, "E_TEE_IO", "tee.test", "socketpair");
            threads_.emplace_back([this, fd = ends[1]] { serve(fd); });
            return Descriptor(ends[0]);
        };
    }

private:
    bool ready(int fd, short events) const {
        while (!stop_) {
            pollfd entry{.fd = fd, .events = events, .revents = 0};
            if (::poll(&entry, 1, 10) > 0) return true;
        }
        return false;
    }
    void serve(int fd) {
        Bytes request;
        if (read_request(fd, request)) {
            behaviour_(request, [this, fd](ByteView bytes) {
                while (!bytes.empty() && ready(fd, POLLOUT)) {
                    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
                    if (n <= 0) return false;
                    bytes = bytes.subspan(static_cast<std::size_t>(n));
                }
                return bytes.empty();
            });
        }
        ::close(fd);
    }
    bool read_request(int fd, Bytes& request) const {
        constexpr std::size_t kRequest = 4 + 24 + 1024;
        std::uint8_t buffer[2048];
        while (request.size() < kRequest) {
            if (!ready(fd, POLLIN)) return false;
            const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
            if (n <= 0) return false;
            append(request, ByteView(buffer).first(static_cast<std::size_t>(n)));
        }
        return true;
    }

    Behaviour behaviour_;
    std::atomic<bool> stop_ = false;
    std::vector<std::thread> threads_;
};

/// A TDREPORT of the right form without a MAC.
inline TdReport bare_td_report(const ReportData& report_data) {
    TdReport out;
    out.bytes[0] = 0x81;
    std::ranges::copy(report_data.bytes, out.bytes.begin() + 128);
    return out;
}

}  // namespace lumoz::tee::testing

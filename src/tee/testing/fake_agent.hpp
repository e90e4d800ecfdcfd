// SPDX-License-Identifier: Apache-2.0
// For tests: a guest agent on a Unix socket that answers what the test tells it to, one connection at a time,
// and a quote of the right form that nobody signed.
#pragma once

#include "base/bytes.hpp"
#include "base/hex.hpp"
#include "evidence/tdx_layout.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace lumoz::tee::testing {

/// A TDX quote of version 4 whose structure is whole and whose signatures are zeros.
inline Bytes bare_quote(const ReportData& report_data) {
    constexpr std::size_t kQeReportAndOn = 384 + 64 + 2 + 2 + 4;
    constexpr std::size_t kSection = 64 + 64 + 2 + 4 + kQeReportAndOn;
    Bytes quote(evidence::kQuoteHeaderSize + evidence::kTd10Size + 4 + kSection, 0);
    quote[0] = 4;
    quote[2] = 2;
    quote[4] = 0x81;
    std::ranges::copy(evidence::kIntelVendor, quote.begin() + 12);
    std::ranges::copy(report_data.bytes, quote.begin() + 48 + 520);
    const auto put = [&quote](std::size_t offset, std::size_t value) {
        quote[offset] = static_cast<std::uint8_t>(value);
        quote[offset + 1] = static_cast<std::uint8_t>(value >> 8);
    };
    put(632, kSection);
    put(764, evidence::kCertTypeQeReport);
    put(766, kQeReportAndOn);
    put(1220, evidence::kCertTypePckChain);
    return quote;
}

inline std::string with_length(std::string_view body, std::string_view status = "200 OK") {
    return "HTTP/1.1 " + std::string(status) +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

class FakeAgent {
public:
    /// Gets the request and a function that sends bytes; the connection closes when it returns.
    using Behaviour =
        std::function<void(const std::string& request, const std::function<bool(std::string_view)>& send)>;

    explicit FakeAgent(Behaviour behaviour)
        : path_(std::filesystem::temp_directory_path() /
                ("lumoz-agent-" + std::to_string(::getpid()) + "-" + std::to_string(counter()++))),
          behaviour_(std::move(behaviour)),
          listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::ranges::copy(path_.native(), address.sun_path);
        ::unlink(path_.c_str());
        ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        ::listen(listener_, 16);
        thread_ = std::thread([this] { serve(); });
    }
    FakeAgent(const FakeAgent&) = delete;
    FakeAgent& operator=(const FakeAgent&) = delete;
    ~FakeAgent() {
        stop_ = true;
        thread_.join();
        ::close(listener_);
        ::unlink(path_.c_str());
    }
    [[nodiscard]] std::string path() const { return path_.string(); }
    [[nodiscard]] bool stopping() const { return stop_; }

private:
    static std::atomic<int>& counter() {
        static std::atomic<int> value = 0;
        return value;
    }
    bool readable(int fd) const {
        while (!stop_) {
            pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
            if (::poll(&entry, 1, 10) > 0) return true;
        }
        return false;
    }
    void serve() {
        while (readable(listener_)) {
            const int fd = ::accept(listener_, nullptr, nullptr);
            if (fd < 0) continue;
            std::string request;
            if (read_request(fd, request)) {
                behaviour_(request, [fd](std::string_view bytes) {
                    while (!bytes.empty()) {
                        const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
                        if (n <= 0) return false;
                        bytes.remove_prefix(static_cast<std::size_t>(n));
                    }
                    return true;
                });
            }
            ::close(fd);
        }
    }
    /// Until the `}` that ends every request's JSON.
    bool read_request(int fd, std::string& request) const {
        char buffer[4096];
        while (!request.ends_with('}')) {
            if (!readable(fd)) return false;
            const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
            if (n <= 0) return false;
            request.append(buffer, static_cast<std::size_t>(n));
        }
        return true;
    }

    std::filesystem::path path_;
    Behaviour behaviour_;
    int listener_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace lumoz::tee::testing

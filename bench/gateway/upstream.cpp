// SPDX-License-Identifier: Apache-2.0
// bench-upstream: an engine that costs almost nothing, so that what is measured is what stands before it. One
// thread, epoll, HTTP/1.1 keep-alive. A POST whose body has `"stream":true` gets server-sent events, every
// other POST a JSON body of about 1 KB; GET gets a model list. Each event carries the monotonic time of its
// sending in nanoseconds.
#include <arpa/inet.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>

namespace {

struct Options {
    int chunks = 50;
    long interval_us = 0;
    std::size_t size = 1024;
};

struct Connection {
    int fd = -1;
    std::string in;
    int chunks_left = 0;
    std::int64_t next_ns = 0;
};

std::int64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

std::string plain_answer(std::size_t size) {
    static std::uint64_t counter = 0;
    std::string body = "{\"id\":\"chatcmpl-" + std::to_string(++counter) +
                       "\",\"object\":\"chat.completion\",\"created\":1750000000,\"model\":\"bench\","
                       "\"choices\":[{\"index\":0,"
                       "\"message\":{\"role\":\"assistant\",\"content\":\"";
    const std::string tail =
        "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_"
        "tokens\":7}}";
    if (body.size() + tail.size() < size) body.append(size - body.size() - tail.size(), 'x');
    body += tail;
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chunk(std::string_view data) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    return size + std::string(data) + "\r\n";
}

std::string event(int index) {
    return chunk(
        "data: "
        "{\"id\":\"chatcmpl-s\",\"object\":\"chat.completion.chunk\",\"created\":1750000000,\"model\":"
        "\"bench\",\"choices\":[{\"index\":0,"
        "\"delta\":{\"content\":\"tok" +
        std::to_string(index) + "\"}}],\"t\":" + std::to_string(now_ns()) + "}\n\n");
}

void send_all(int fd, std::string_view data) {
    while (!data.empty()) {
        const ssize_t n = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        data.remove_prefix(static_cast<std::size_t>(n));
    }
}

/// One whole request at the front of `in`: its size, or 0.
std::size_t request_size(std::string_view in) {
    const auto head = in.find("\r\n\r\n");
    if (head == std::string_view::npos) return 0;
    std::size_t length = 0;
    for (std::size_t at = 0; at < head;) {
        const auto end = in.find("\r\n", at);
        const auto line = in.substr(at, end - at);
        if (line.size() > 15 && strncasecmp(line.data(), "content-length:", 15) == 0) {
            length = std::strtoul(std::string(line.substr(15)).c_str(), nullptr, 10);
        }
        at = end + 2;
    }
    return in.size() >= head + 4 + length ? head + 4 + length : 0;
}

class Upstream {
public:
    Upstream(Options options, std::uint16_t port) : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int one = 1;
        setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            listen(listener_, 1024) != 0) {
            std::perror("bench-upstream: listen");
            std::exit(1);
        }
        socklen_t size = sizeof address;
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        std::printf("%u\n", ntohs(address.sin_port));
        std::fflush(stdout);
        add(listener_);
        timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        add(timer_);
    }

    [[noreturn]] void run() {
        std::vector<epoll_event> events(256);
        for (;;) {
            const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < n; ++i) {
                const int fd = events[static_cast<std::size_t>(i)].data.fd;
                if (fd == listener_)
                    accept_all();
                else if (fd == timer_)
                    tick();
                else
                    read_some(fd);
            }
        }
    }

private:
    void add(int fd) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }
    void accept_all() {
        for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
            const int one = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            connections_[fd].fd = fd;
            add(fd);
        }
    }
    void read_some(int fd) {
        char buffer[16384];
        const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
        if (n <= 0) {
            connections_.erase(fd);
            close(fd);
            return;
        }
        Connection& connection = connections_[fd];
        connection.in.append(buffer, static_cast<std::size_t>(n));
        while (const std::size_t size = request_size(connection.in)) {
            answer(connection, std::string_view(connection.in).substr(0, size));
            connection.in.erase(0, size);
        }
    }
    void answer(Connection& connection, std::string_view request) {
        if (request.starts_with("GET")) {
            static const std::string body =
                "{\"object\":\"list\",\"data\":[{\"id\":\"bench\",\"object\":\"model\"}]}";
            send_all(connection.fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                                        std::to_string(body.size()) + "\r\n\r\n" + body);
        } else if (request.find("\"stream\":true") == std::string_view::npos) {
            send_all(connection.fd, plain_answer(options_.size));
        } else {
            send_all(connection.fd,
                     "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: "
                     "no-cache\r\nTransfer-Encoding: chunked\r\n\r\n");
            connection.chunks_left = options_.chunks;
            connection.next_ns = now_ns();
            if (options_.interval_us > 0) {
                arm();
                return;
            }
            while (connection.chunks_left > 0)
                step(connection);
        }
    }
    void step(Connection& connection) const {
        send_all(connection.fd, event(connection.chunks_left));
        if (--connection.chunks_left == 0) send_all(connection.fd, chunk("data: [DONE]\n\n") + "0\r\n\r\n");
        connection.next_ns += options_.interval_us * 1000;
    }
    void arm() const {
        itimerspec spec{};
        spec.it_value.tv_nsec = 500'000;
        spec.it_interval.tv_nsec = 500'000;
        timerfd_settime(timer_, 0, &spec, nullptr);
    }
    void tick() {
        std::uint64_t ignored = 0;
        if (read(timer_, &ignored, sizeof ignored) < 0) return;
        const std::int64_t now = now_ns();
        bool busy = false;
        for (auto& [fd, connection] : connections_) {
            if (connection.chunks_left > 0 && connection.next_ns <= now) step(connection);
            busy |= connection.chunks_left > 0;
        }
        if (busy) return;
        const itimerspec off{};
        timerfd_settime(timer_, 0, &off, nullptr);
    }

    Options options_;
    int epoll_;
    int listener_ = -1;
    int timer_ = -1;
    std::unordered_map<int, Connection> connections_;
};

}  // namespace

int main(int argc, char** argv) {
    Options options;
    std::uint16_t port = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        if (name == "--chunks")
            options.chunks = std::atoi(argv[i + 1]);
        else if (name == "--interval-us")
            options.interval_us = std::atol(argv[i + 1]);
        else if (name == "--size")
            options.size = std::strtoul(argv[i + 1], nullptr, 10);
        else if (name == "--port")
            port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
        else
            return std::fprintf(
                       stderr,
                       "usage: bench-upstream [--port P] [--chunks N] [--interval-us U] [--size BYTES]\n"),
                   1;
    }
    Upstream(options, port).run();
}

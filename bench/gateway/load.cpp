// SPDX-License-Identifier: Apache-2.0
// bench-load: a closed-loop client for the gateway benchmarks. One thread, epoll, keep-alive, plain or
// TLS 1.3. `post`: completions of about 1 KB; `stream`: whole streams as fast as they come; `sse`: paced
// streams, the delay of each event against the sending time it carries; `get`: a page, where NONCE in the
// path becomes another nonce each time. Prints one JSON object. Ends by itself after --seconds.
#include <openssl/ssl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <memory>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

struct Options {
    std::string mode;
    std::uint16_t port = 0;
    std::string path = "/v1/chat/completions";
    std::string model = "bench";
    std::string token;
    int connections = 1;
    double seconds = 3;
    double discard = 0.3;
    std::size_t size = 1024;
    bool tls = false;
};

std::int64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

constexpr std::string_view kNonceMark = "NONCE";
constexpr std::size_t kNonceDigits = 64;

std::string request(const Options& options) {
    const std::string authorization =
        options.token.empty() ? std::string() : "Authorization: Bearer " + options.token + "\r\n";
    if (options.mode == "get") {
        std::string path = options.path;
        if (const auto at = path.find(kNonceMark); at != std::string::npos)
            path.replace(at, kNonceMark.size(), kNonceDigits, '0');
        return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + authorization + "\r\n";
    }
    std::string body = "{\"model\":\"" + options.model + "\",";
    if (options.mode != "post") body += "\"stream\":true,";
    body += "\"messages\":[{\"role\":\"user\",\"content\":\"";
    if (body.size() + 4 < options.size) body.append(options.size - body.size() - 4, 'q');
    body += "\"}]}";
    return "POST " + options.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + authorization +
           "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

/// Result of looking at the bytes of one response: 0 incomplete, else its size; -1 bad.
long response_size(std::string_view in) {
    const auto head = in.find("\r\n\r\n");
    if (head == std::string_view::npos) return 0;
    if (!in.starts_with("HTTP/1.1 200")) return -1;
    const auto headers = in.substr(0, head + 2);
    auto has = [&](std::string_view name) {
        for (std::size_t at = 0; at < headers.size();) {
            const auto end = headers.find("\r\n", at);
            if (end - at >= name.size() && strncasecmp(headers.data() + at, name.data(), name.size()) == 0)
                return at;
            at = end + 2;
        }
        return std::string_view::npos;
    };
    if (const auto at = has("content-length:"); at != std::string_view::npos) {
        const std::size_t size = head + 4 + std::strtoul(headers.data() + at + 15, nullptr, 10);
        return in.size() >= size ? static_cast<long>(size) : 0;
    }
    // A chunked stream of ours ends with the terminating chunk and nothing behind it.
    return in.size() >= head + 9 && in.ends_with("\r\n0\r\n\r\n") ? static_cast<long>(in.size()) : 0;
}

struct Connection {
    int fd = -1;
    SSL* ssl = nullptr;
    std::string in;
    std::size_t scanned = 0;
    std::int64_t started = 0;
};

class Load {
public:
    explicit Load(Options options)
        : options_(std::move(options)), request_(request(options_)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        if (options_.mode == "get" && options_.path.find(kNonceMark) != std::string::npos)
            nonce_at_ = std::string_view("GET ").size() + options_.path.find(kNonceMark);
        if (options_.tls) {
            context_ = SSL_CTX_new(TLS_client_method());
            SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
        }
    }

    int run() {
        for (int i = 0; i < options_.connections; ++i) {
            connections_.push_back(std::make_unique<Connection>());
            if (!open(*connections_.back())) return std::perror("bench-load: connect"), 1;
        }
        begin_ = now_ns();
        const std::int64_t end = begin_ + static_cast<std::int64_t>(options_.seconds * 1e9);
        measure_from_ = begin_ + static_cast<std::int64_t>(options_.discard * 1e9);
        for (auto& connection : connections_)
            send(*connection);
        std::vector<epoll_event> events(256);
        while (now_ns() < end) {
            const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
            for (int i = 0; i < n; ++i)
                receive(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
        }
        print(static_cast<double>(now_ns() - measure_from_) / 1e9);
        return bad_ == 0 ? 0 : 3;
    }

private:
    bool open(Connection& connection) {
        connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(options_.port);
        if (connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
        const int one = 1;
        setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (context_ != nullptr) {
            connection.ssl = SSL_new(context_);
            SSL_set_fd(connection.ssl, connection.fd);
            if (SSL_connect(connection.ssl) != 1) return false;
        }
        fcntl(connection.fd, F_SETFL, O_NONBLOCK);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &connection;
        return epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) == 0;
    }
    void send(Connection& connection) {
        if (nonce_at_ != 0) change_nonce();
        connection.started = now_ns();
        connection.in.clear();
        connection.scanned = 0;
        const long n = connection.ssl != nullptr
                           ? SSL_write(connection.ssl, request_.data(), static_cast<int>(request_.size()))
                           : ::send(connection.fd, request_.data(), request_.size(), MSG_NOSIGNAL);
        if (n != static_cast<long>(request_.size())) ++bad_;
    }
    void change_nonce() {
        char digits[17];
        std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(begin_ + ++nonces_));
        request_.replace(nonce_at_, 16, digits);
    }
    void receive(Connection& connection) {
        char buffer[65536];
        for (;;) {
            const long n = connection.ssl != nullptr ? SSL_read(connection.ssl, buffer, sizeof buffer)
                                                     : ::recv(connection.fd, buffer, sizeof buffer, 0);
            if (n <= 0) {
                if (n == 0 && connection.ssl == nullptr) closed(connection);
                break;
            }
            connection.in.append(buffer, static_cast<std::size_t>(n));
        }
        if (options_.mode == "sse") scan_events(connection);
        const long size = response_size(connection.in);
        if (size == 0) return;
        if (size < 0) {
            ++bad_;
            return;
        }
        const std::int64_t now = now_ns();
        if (now >= measure_from_) {
            if (options_.mode != "sse") samples_.push_back(now - connection.started);
            ++done_;
        }
        ++total_;
        send(connection);
    }
    void closed(Connection& connection) {
        ++bad_;
        epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd, nullptr);
    }
    void scan_events(Connection& connection) {
        const std::int64_t now = now_ns();
        for (;;) {
            const auto at = connection.in.find("\"t\":", connection.scanned);
            if (at == std::string::npos || connection.in.find('}', at) == std::string::npos) return;
            if (now >= measure_from_)
                samples_.push_back(now - std::strtoll(connection.in.c_str() + at + 4, nullptr, 10));
            connection.scanned = at + 4;
        }
    }
    void print(double seconds) {
        std::sort(samples_.begin(), samples_.end());
        auto at = [&](double q) {
            return samples_.empty() ? 0.0
                                    : static_cast<double>(samples_[static_cast<std::size_t>(
                                          q * static_cast<double>(samples_.size() - 1))]) /
                                          1000.0;
        };
        std::printf(
            "{\"total\":%ld,\"done\":%ld,\"per_second\":%.1f,\"bad\":%ld,\"samples\":%zu,\"p50_us\":%.1f,"
            "\"p99_us\":%.1f}"
            "\n",
            total_, done_, static_cast<double>(done_) / seconds, bad_, samples_.size(), at(0.5), at(0.99));
    }

    Options options_;
    std::string request_;
    int epoll_;
    SSL_CTX* context_ = nullptr;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<std::int64_t> samples_;
    std::int64_t begin_ = 0;
    std::int64_t measure_from_ = 0;
    std::size_t nonce_at_ = 0;  // where the nonce stands in request_; 0: nowhere
    long nonces_ = 0;
    long done_ = 0;
    long total_ = 0;
    long bad_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (argc > 1) options.mode = argv[1];
    bool usage =
        options.mode != "post" && options.mode != "stream" && options.mode != "sse" && options.mode != "get";
    for (int i = 2; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--tls") {
            options.tls = true;
            continue;
        }
        if (++i >= argc) {
            usage = true;
            break;
        }
        if (name == "--port")
            options.port = static_cast<std::uint16_t>(std::atoi(argv[i]));
        else if (name == "--connections")
            options.connections = std::atoi(argv[i]);
        else if (name == "--seconds")
            options.seconds = std::atof(argv[i]);
        else if (name == "--size")
            options.size = std::strtoul(argv[i], nullptr, 10);
        else if (name == "--path")
            options.path = argv[i];
        else if (name == "--token")
            options.token = argv[i];
        else if (name == "--model")
            options.model = argv[i];
        else
            usage = true;
    }
    if (usage || options.port == 0) {
        std::fprintf(stderr,
                     "usage: bench-load post|stream|sse|get --port P [--connections C] [--seconds S] [--size "
                     "BYTES] [--model M] [--path P] [--token T] [--tls]\n");
        return 1;
    }
    return Load(options).run();
}

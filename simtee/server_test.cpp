// SPDX-License-Identifier: Apache-2.0
#include "simtee/server.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace lumoz::simtee {
namespace {

using namespace std::chrono_literals;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    return address;
}

/// A client's end of a connection; reads give up after five seconds.
class Client {
public:
    explicit Client(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const sockaddr_un address = address_of(path);
        connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        const timeval limit{.tv_sec = 5, .tv_usec = 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() { ::close(fd_); }
    [[nodiscard]] bool connected() const { return connected_; }
    void send(std::string_view text) const { (void)::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
    /// Bytes until `end` was seen, or the connection ended.
    [[nodiscard]] std::string receive(std::string_view end = {}) const {
        std::string out;
        char buffer[4096];
        while (end.empty() || out.find(end) == std::string::npos) {
            const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
            if (n <= 0) break;
            out.append(buffer, static_cast<std::size_t>(n));
        }
        return out;
    }

private:
    int fd_;
    bool connected_ = false;
};

class SimServer : public ::testing::Test {
protected:
    void SetUp() override {
        const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
        path_ = (std::filesystem::temp_directory_path() / ("lumoz-sim-" + std::to_string(::getpid()) + name))
                    .string();
        ::unlink(path_.c_str());
    }
    void TearDown() override { ::unlink(path_.c_str()); }
    Result<std::unique_ptr<Server>> listen(const ServerLimits& limits = {}) {
        return Server::listen(path_, service_, limits);
    }

    std::string path_;
    Machine machine_{Digest256()};
    Service service_{machine_, [] {}};
};

constexpr std::string_view kVersionRequest = "GET /Version HTTP/1.1\r\n\r\n";

TEST_F(SimServer, ServesSeveralRequestsOnOneConnection) {
    const auto server = listen();
    ASSERT_TRUE(server) << server.error().detail;
    const Client client(path_);
    for (int i = 0; i < 3; ++i) {
        client.send(kVersionRequest);
        EXPECT_TRUE(client.receive("}").starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

TEST_F(SimServer, ServesClientsAtTheSameTime) {
    const auto server = listen();
    ASSERT_TRUE(server);
    const Client idle(path_);
    std::vector<std::thread> clients;
    std::atomic<int> good = 0;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([&] {
            const Client client(path_);
            client.send(
                "POST /GetQuote HTTP/1.1\r\nContent-Length: 20\r\nConnection: close\r\n\r\n"
                R"({"report_data":"00"})");
            good += client.receive().ends_with("\"simulated\":true}") ? 1 : 0;
        });
    }
    for (std::thread& client : clients) {
        client.join();
    }
    EXPECT_EQ(good, 8);
}

TEST_F(SimServer, SocketIsForItsOwnerOnlyAndGoesAway) {
    {
        const auto server = listen();
        ASSERT_TRUE(server);
        struct stat status{};
        ASSERT_EQ(::stat(path_.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777U, 0600U);
    }
    EXPECT_NE(::access(path_.c_str(), F_OK), 0);
}

TEST_F(SimServer, TakesThePlaceOfAStaleSocketOnly) {
    const int stale = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(path_);
    ASSERT_EQ(::bind(stale, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(stale);
    const auto server = listen();
    ASSERT_TRUE(server) << server.error().detail;
    const auto second = listen();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().rule, "E_SOCKET");
    EXPECT_TRUE(Client(path_).connected());
}

TEST_F(SimServer, LeavesAFileAlone) {
    std::ofstream(path_) << "a file";
    const auto server = listen();
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().rule, "E_SOCKET");
    EXPECT_TRUE(std::filesystem::is_regular_file(path_));
}

TEST_F(SimServer, AnswersBadInputWithAnError) {
    const auto server = listen();
    ASSERT_TRUE(server);
    const std::pair<std::string, std::string_view> cases[] = {
        {"\x01\x02\r\n\r\n", "HTTP/1.1 400 "},
        {std::string(20000, 'a'), "HTTP/1.1 431 "},
        {"POST /GetQuote HTTP/1.1\r\nContent-Length: 70000\r\n\r\n", "HTTP/1.1 413 "},
        {"POST /GetQuote HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]", "HTTP/1.1 400 "},
    };
    for (const auto& [request, status] : cases) {
        const Client client(path_);
        client.send(request);
        const std::string answer = client.receive();
        EXPECT_TRUE(answer.starts_with(status)) << answer;
        EXPECT_NE(answer.find("{\"error\":"), std::string::npos);
    }
    const Client after(path_);
    after.send(kVersionRequest);
    EXPECT_TRUE(after.receive("}").starts_with("HTTP/1.1 200 "));
}

TEST_F(SimServer, EndsASlowConnection) {
    const auto server = listen({.connections = 4, .request_time = 50ms});
    ASSERT_TRUE(server);
    const Client client(path_);
    client.send("GET /Ver");
    EXPECT_EQ(client.receive(), "");
}

TEST_F(SimServer, RefusesConnectionsPastTheBound) {
    const auto server = listen({.connections = 2, .request_time = 5000ms});
    ASSERT_TRUE(server);
    const Client first(path_);
    const Client second(path_);
    for (const Client* client : {&first, &second}) {
        client->send(kVersionRequest);
        EXPECT_NE(client->receive("}"), "");
    }
    EXPECT_TRUE(Client(path_).receive().starts_with("HTTP/1.1 503 "));
}

TEST_F(SimServer, EndsWithConnectionsOpen) {
    auto server = listen();
    ASSERT_TRUE(server);
    const Client client(path_);
    client.send(kVersionRequest);
    EXPECT_NE(client.receive("}"), "");
    const auto begin = std::chrono::steady_clock::now();
    server->reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    EXPECT_EQ(client.receive(), "");
}

}  // namespace
}  // namespace lumoz::simtee

// SPDX-License-Identifier: Apache-2.0
#include "net/server.hpp"
#include "net/testing.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace lumoz::net {
namespace {

using namespace std::chrono_literals;

/// A connection whose socket takes the last free descriptor; the handshake needs nobody who accepts.
int connect_with_last_descriptor(std::uint16_t port, const rlimit& usual) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const rlimit full{static_cast<rlim_t>(fd) + 1, usual.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return fd;
}

TEST(ServerAccept, WaitsWithoutDescriptorsAndGoesOnWhenThereAreSome) {
    Loop loop;
    testing::Routes routes;
    const auto server = Server::listen(loop, {}, {}, routes);
    ASSERT_TRUE(server);
    auto task = [](Loop& l, Server& s) -> Task<void> {
        rlimit usual{};
        EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
        testing::RawClient client{Stream(l, connect_with_last_descriptor(s.port(), usual)), {}, false};
        co_await l.after(350ms);
        const std::uint64_t errors = s.stats().accept_errors.load();
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
        // One try each 100 to 150 ms, not one each turn of the loop.
        EXPECT_GE(errors, 1U);
        EXPECT_LE(errors, 5U);
        EXPECT_EQ(s.stats().accepted.load(), 0U);
        EXPECT_TRUE(co_await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        EXPECT_TRUE(co_await client.read_until(l, "no such path"));
    };
    testing::run(loop, task(loop, **server));
}

}  // namespace
}  // namespace lumoz::net

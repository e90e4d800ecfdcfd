// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/sd_notify.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace lumoz::app {
namespace {

TEST(SdNotify, SendsOneDatagramToTheSocket) {
    const std::string path = ::testing::TempDir() + "lumoz-notify-" + std::to_string(::getpid());
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    sd_notify("READY=1");
    std::array<char, 64> buffer{};
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
    EXPECT_EQ(std::string(buffer.data(), static_cast<std::size_t>(size)), "READY=1");
    ::close(fd);
    ::unlink(path.c_str());
    ::unsetenv("NOTIFY_SOCKET");
    sd_notify("READY=1");
}

}  // namespace
}  // namespace lumoz::app

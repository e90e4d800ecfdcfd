// SPDX-License-Identifier: Apache-2.0
#include "garbage.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace lumoz::fake_engine {
namespace {

void serve(int listener) {
    constexpr std::string_view kGarbage = "\x01\x02 this is no answer \x7f\r\n\r\n";
    for (;;) {
        const int fd = accept(listener, nullptr, nullptr);
        if (fd < 0) continue;
        std::array<char, 65536> request;
        [[maybe_unused]] const ssize_t n = read(fd, request.data(), request.size());
        [[maybe_unused]] const ssize_t sent = send(fd, kGarbage.data(), kGarbage.size(), MSG_NOSIGNAL);
        close(fd);
    }
}

}  // namespace

Status serve_garbage(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return fail(Errc::Usage, "E_LISTEN", "fake_engine.garbage", "the path is too long");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    unlink(path.c_str());
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener, 64) != 0) {
        return fail(Errc::Io, "E_LISTEN", "fake_engine.garbage", std::strerror(errno));
    }
    std::thread(serve, listener).detach();
    return {};
}

}  // namespace lumoz::fake_engine

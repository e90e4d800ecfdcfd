// SPDX-License-Identifier: Apache-2.0
// Stream sockets with a deadline: connecting, sending all, receiving what is there. Never blocks beyond it.
#pragma once

#include "base/bytes.hpp"
#include "tee/turn.hpp"

namespace lumoz::tee {

/// A file descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor();
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

/// Connects to the Unix socket at `path`. `E_TEE_IO` (detail: the system's reason), `E_TEE_TIMEOUT`.
Result<Descriptor> unix_connect(const std::string& path, Deadline deadline);
/// Connects to a vsock address (2 is the host). The same errors.
Result<Descriptor> vsock_connect(std::uint32_t cid, std::uint32_t port, Deadline deadline);

/// Sends everything. Requires: a non-blocking socket. `E_TEE_IO`, `E_TEE_TIMEOUT`.
Status send_all(int fd, ByteView bytes, Deadline deadline);
/// The next bytes, at least one; 0 when the other side has closed. Requires: a non-blocking socket. The same
/// errors.
Result<std::size_t> receive_some(int fd, std::span<std::uint8_t> out, Deadline deadline);

}  // namespace lumoz::tee

// SPDX-License-Identifier: Apache-2.0
// One blocking HTTP/1.1 POST over an AF_UNIX socket: one connection per call, a deadline over all of it.
#pragma once

#include "tee/http_answer.hpp"
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

/// Connects to the socket at `path`. `E_TEE_IO` (detail: the system's reason), `E_TEE_TIMEOUT`.
Result<Descriptor> unix_connect(const std::string& path, Deadline deadline);

/// POSTs JSON and reads the whole answer, of any status. `E_TEE_IO`, `E_TEE_TIMEOUT`, `E_TEE_ANSWER`,
/// `E_TEE_TOO_LARGE`.
Result<HttpAnswer> unix_post(const std::string& path, std::string_view target, std::string_view json,
                             std::size_t max_body, Deadline deadline);

}  // namespace lumoz::tee

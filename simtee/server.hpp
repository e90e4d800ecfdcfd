// SPDX-License-Identifier: Apache-2.0
// Serves a Service on a Unix socket: a thread for each connection, at most 64, each with a deadline.
#pragma once

#include "base/result.hpp"
#include "simtee/service.hpp"

#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <thread>

namespace lumoz::simtee {

struct ServerLimits {
    std::size_t connections = 64;
    std::chrono::milliseconds request_time{
        15000};  ///< from the first wait for a request to its last byte sent
};

class Server {
public:
    /// Takes the place of a stale socket at `path`; a socket somebody listens on, and anything that is no
    /// socket, is an error: `E_SOCKET`. The socket's mode is 0600.
    static Result<std::unique_ptr<Server>> listen(const std::string& path, const Service& service,
                                                  const ServerLimits& limits);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    /// Ends all connections, waits for their threads, removes the socket.
    ~Server();

private:
    struct Connection {
        std::thread thread;
        std::atomic<bool> done = false;
    };
    Server(std::string path, int listener, int stop, const Service& service, const ServerLimits& limits);
    void accept_loop();
    void serve(int fd) const;
    void reap(bool all);

    std::string path_;
    int listener_;
    int stop_;  ///< an eventfd that is readable once the server ends
    const Service& service_;
    ServerLimits limits_;
    std::list<Connection> connections_;  ///< touched by the accepting thread only
    std::thread acceptor_;
};

}  // namespace lumoz::simtee

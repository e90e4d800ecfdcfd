// SPDX-License-Identifier: Apache-2.0
// The I/O threads: a loop, a gateway and its listeners each, sharing ports and nothing else.
#pragma once

#include "gateway/gateway.hpp"

#include <thread>

namespace lumoz::app {

class IoThreads {
public:
    /// Listens on all threads' loops; nothing runs yet. `service` and `tls` (null: no TLS listener) are
    /// shared. `E_NET_LISTEN`, `E_CONFIG`.
    static Result<std::unique_ptr<IoThreads>> listen(gateway::Service& service,
                                                     std::shared_ptr<const net::TlsContext> tls);
    ~IoThreads();
    IoThreads(const IoThreads&) = delete;
    IoThreads& operator=(const IoThreads&) = delete;

    /// Starts the threads. They inherit the signal mask of the caller.
    void run();
    /// `http://127.0.0.1:8080`, `https://…`, with the ports that were taken.
    [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }
    [[nodiscard]] net::Loop& first_loop() { return parts_.front()->loop; }

    /// New connections of the TLS listener see this from now on (`net::Server::use_tls`). Requires: a TLS
    /// listener.
    void use_tls(const std::shared_ptr<const net::TlsContext>& tls);

    /// No new connections and requests; running answers have `limit`, then they are cut.
    void begin_drain(net::Duration limit);
    /// True when every listener is closed and no request runs.
    [[nodiscard]] bool drained() const;
    /// Reports of usage that did not leave yet.
    [[nodiscard]] std::uint64_t reports_pending() const;
    /// True when some answer had to be cut.
    [[nodiscard]] bool cut_any() const { return cut_any_.load(); }
    /// Stops the loops and joins the threads. The loops stay, for callbacks that still come.
    void stop();

private:
    struct Part {
        explicit Part(gateway::Service& service) : gateway(loop, service) {}
        net::Loop loop;
        gateway::Gateway gateway;
        std::vector<std::unique_ptr<net::Server>> servers;
        net::Server* tls_server = nullptr;  ///< of `servers`
        std::thread thread;
    };

    IoThreads() = default;
    Status add_listeners(const gateway::HostPort& where, const std::shared_ptr<const net::TlsContext>& tls,
                         const gateway::Config& config);
    net::Task<void> drain_server(net::Server& server, net::Duration limit);
    net::Task<void> cut_after(Part& part, net::Duration limit);

    std::vector<std::unique_ptr<Part>> parts_;
    std::vector<std::string> addresses_;
    std::shared_ptr<std::atomic<std::int64_t>> open_ = std::make_shared<std::atomic<std::int64_t>>(0);
    std::atomic<std::size_t> listening_{0};
    std::atomic<bool> cut_any_{false};
};

}  // namespace lumoz::app

// SPDX-License-Identifier: Apache-2.0
// Inside of Server: what its connections share; only for the .cpp files of net/.
#pragma once

#include "net/loop_core.hpp"
#include "net/server.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

namespace lumoz::net {

class Connection;

/// What one request needs. Connections that wait for a request give theirs back.
struct Buffers {
    Bytes in;         ///< unread input is [begin, end)
    std::string out;  ///< head of the answer
    Bytes body;
    RequestHead head;
};

struct Server::Core final : std::enable_shared_from_this<Server::Core>, private Attached, private Deadline {
    using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol,
                                                        boost::asio::io_context::executor_type>;

    Core(Loop& owner, ListenOptions listen_options, Limits given, Handler& serves);
    ~Core() override;

    Status open();
    void stop_accepting();
    void close_all();
    void close_idle();
    /// Soon, from the loop: `tell_gone` of every connection that must.
    void tell_soon();
    std::unique_ptr<Buffers> take_buffers();
    void give_buffers(std::unique_ptr<Buffers> buffers);

    Loop& loop;
    ListenOptions options;
    Limits limits;
    Handler& handler;
    ServerStats stats;
    std::uint16_t port = 0;
    bool draining = false;
    Connection* connections = nullptr;

private:
    static constexpr std::size_t kKeptBuffers = 64;

    Result<int> listen_tcp();
    Result<int> listen_unix();
    void arm();
    void accept_some();
    void refuse(int fd);
    void tell_all();
    void expired() override;
    void loop_ends() override;

    std::optional<Acceptor> acceptor_;
    std::vector<std::unique_ptr<Buffers>> spare_;
    bool telling_ = false;
};

}  // namespace lumoz::net

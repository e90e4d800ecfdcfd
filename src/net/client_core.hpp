// SPDX-License-Identifier: Apache-2.0
// Inside of Client: its connections and their pool; only for the .cpp files of net/.
#pragma once

#include "net/client.hpp"

namespace lumoz::net {

/// One connection to the server with its buffers. While it lies in the pool it watches for its end.
struct ClientConnection final : private Deadline {
    ClientConnection(Loop& loop, std::weak_ptr<Client::Core> owner, Stream opened)
        : Deadline(loop), stream(std::move(opened)), owner_(std::move(owner)) {}
    void enter_pool(Duration idle);
    void leave_pool();

    Stream stream;
    Bytes in;  ///< unread input is [begin, end)
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string out;
    ResponseHead head;

    [[nodiscard]] ByteView unread() const { return ByteView(in).subspan(begin, end - begin); }

private:
    void expired() override;
    std::weak_ptr<Client::Core> owner_;
};

struct Client::Core final : std::enable_shared_from_this<Client::Core> {
    Core(Loop& owner, Url target, ClientOptions given)
        : loop(owner), url(std::move(target)), options(std::move(given)), authority(url.authority()) {}

    Task<Result<std::unique_ptr<ClientConnection>>> open();
    std::unique_ptr<ClientConnection> take();
    void give(std::unique_ptr<ClientConnection> connection);
    void drop(const ClientConnection& connection);

    Loop& loop;
    Url url;
    ClientOptions options;
    std::string authority;
    std::vector<std::unique_ptr<ClientConnection>> idle;
    bool closed = false;
};

}  // namespace lumoz::net

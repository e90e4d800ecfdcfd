// SPDX-License-Identifier: Apache-2.0
// Stream: one connected byte stream (TCP, Unix socket, TLS over either) without its type. All sockets are
// non-blocking with TCP_NODELAY; nothing here allocates per operation. Error rules: E_NET_CLOSED (closed by
// us or reset by the peer), E_NET_TIMEOUT, E_TLS_HANDSHAKE, E_TLS_RECORD.
#pragma once

#include "base/bytes.hpp"
#include "net/loop.hpp"

#include <memory>
#include <optional>
#include <string>

namespace lumoz::net {

class TlsContext;

/// Where a stream can be opened to: numeric TCP address, or the path of a Unix socket.
struct Endpoint {
    std::string address;  ///< "127.0.0.1", "::1", or a path that begins with '/'
    std::uint16_t port = 0;
    [[nodiscard]] bool is_unix() const { return address.starts_with('/'); }
};

class Stream {
public:
    /// Takes over a connected, non-blocking socket.
    Stream(Loop& loop, int fd);
    ~Stream();
    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;

    /// `E_NET_REFUSED` (nobody listens, no such socket, no route), `E_NET_TIMEOUT`.
    static Task<Result<Stream>> connect(Loop& loop, Endpoint to, TimePoint deadline);

    /// TLS on top of the open stream. `E_TLS_HANDSHAKE`, `E_TLS_CERTIFICATE`, `E_TLS_PIN`, `E_NET_TIMEOUT`.
    Task<Status> tls_accept(const TlsContext& context, TimePoint deadline);
    Task<Status> tls_connect(const TlsContext& context, std::string host, TimePoint deadline);

    /// At least one byte, or 0 at the end of the peer's stream.
    Task<Result<std::size_t>> read_some(std::span<std::uint8_t> into, TimePoint deadline);
    /// What is there now; no value when that is nothing yet.
    Result<std::optional<std::size_t>> try_read(std::span<std::uint8_t> into);
    /// Suspends until `try_read` can have something to say.
    Task<Status> wait_readable(TimePoint deadline);

    /// Writes all parts in order, in one system call when the socket takes them. `patience`: how long the
    /// socket may take no byte at all.
    Task<Status> write(std::span<const ByteView> parts, Duration patience);
    /// Writes what the socket takes now and says how much that was.
    Result<std::size_t> try_write(std::span<const ByteView> parts);
    /// The rest of `write`: parts without their first `skip` bytes.
    Task<Status> write_rest(std::span<const ByteView> parts, std::size_t skip, Duration patience);

    /// Calls `fn` on the loop whenever there can be something to read and no coroutine waits for it, as long
    /// as it returns true. An empty function ends that.
    void watch(std::move_only_function<bool()> fn);

    /// Ends both directions; waiting operations end with `E_NET_CLOSED`. TLS: sends close_notify if that is
    /// possible at once. Safe at any time on the loop's thread.
    void close();
    /// Sends FIN (and close_notify) and keeps reading.
    void shutdown_write();
    /// Closes with RST, so that the peer cannot take the end for a clean one.
    void reset();
    [[nodiscard]] bool is_open() const;

    [[nodiscard]] bool over_tls() const;
    /// SHA-256 of the peer certificate's SubjectPublicKeyInfo, if there was one.
    [[nodiscard]] std::optional<Digest256> peer_spki() const;
    /// "127.0.0.1:4242" or "unix".
    [[nodiscard]] std::string peer() const;

    struct Core;

private:
    std::shared_ptr<Core> core_;  // shared with operations in flight, which outlive a destroyed Stream
};

}  // namespace lumoz::net

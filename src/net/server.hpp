// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 server on one Loop: keep-alive, pipelining (answers in order), TLS, limits for hostile and slow
// clients. One Server per Loop; with `reuse_port` several loops share a port and nothing else.
#pragma once

#include "net/http.hpp"
#include "net/loop.hpp"
#include "net/tls.hpp"
#include "net/tunnel.hpp"

#include <atomic>

namespace lumoz::net {

class ClientExchange;

struct ListenOptions {
    std::string address = "127.0.0.1";  ///< numeric
    std::uint16_t port = 0;             ///< 0: the system chooses, see `Server::port`
    std::string unix_path{};            ///< not empty: a Unix socket here instead of TCP; must not exist yet
    bool reuse_port = false;
    int backlog = 1024;
    std::shared_ptr<const TlsContext> tls{};  ///< shared by the servers of all loops
    /// Open connections of all servers that are given the same counter; `max_connections` bounds their sum.
    std::shared_ptr<std::atomic<std::int64_t>> open_together{};
};

struct Limits {
    HeadLimits head{};
    std::chrono::milliseconds head_timeout{10'000};   ///< TLS handshake; a head, from its first byte
    std::chrono::milliseconds body_timeout{60'000};   ///< whole request body
    std::chrono::milliseconds idle_timeout{75'000};   ///< without a byte of a request
    std::chrono::milliseconds write_timeout{30'000};  ///< how long a client may take no byte
    std::size_t max_connections = 10'000;
    std::size_t read_ahead = std::size_t{16} << 10;  ///< pipelined bytes taken while an answer is under way
};

/// Counters of one server; readable from any thread.
struct ServerStats {
    std::atomic<std::uint64_t> accepted{0}, refused{0}, accept_errors{0}, requests{0}, bad_requests{0},
        timeouts{0}, slow_readers{0}, peer_gone{0};
    std::atomic<std::int64_t> open{0};
};

/// One request and its answer. Used by one handler, on the loop's thread. Every `Task` must be awaited in the
/// statement that makes it. Writing errors: `E_NET_CLOSED` (the client is gone), `E_NET_TIMEOUT` (it does not
/// read), `E_HTTP_LENGTH` (more or fewer bytes than announced).
class Exchange {
public:
    virtual ~Exchange() = default;

    [[nodiscard]] virtual const RequestHead& head() const = 0;
    /// The whole body; the view lives until the handler returns. Sends `100 Continue` when asked for.
    /// `E_HTTP_BODY_TOO_LARGE` (Limit: answer 413, the connection then closes), `E_HTTP_CHUNK`,
    /// `E_NET_TIMEOUT` (answer 408), `E_NET_CLOSED`.
    virtual Task<Result<ByteView>> read_body(std::size_t max_bytes) = 0;
    /// The next piece of the body as it came, at most 64 KiB, without the chunked coding; empty at its end.
    /// The view lives until the next call. Instead of `read_body`, and not while `on_peer_gone` is set.
    /// Errors as there; `deadline` is for this piece.
    virtual Task<Result<ByteView>> read_body_some(std::size_t max_bytes, TimePoint deadline) = 0;

    /// Whole answer with Content-Length, head and body in one write.
    virtual Task<Status> respond(int status, const Headers& headers, ByteView body) = 0;
    /// Starts an answer. The head leaves with the first `write` or with `finish`. Without a length it is
    /// chunked, or ends with the connection for HTTP/1.0. Content-Length, Transfer-Encoding, Connection and
    /// Date are written by the server: do not pass them.
    virtual Status begin(int status, const Headers& headers, std::optional<std::uint64_t> length) = 0;
    /// Sends the head if it is still here, without content.
    virtual Task<Status> flush_head() = 0;
    /// Leaves at once as one chunk. An empty piece sends nothing.
    virtual Task<Status> write(ByteView piece) = 0;
    /// `last` (may be empty) and the end in one write. Trailers are sent in chunked answers only.
    virtual Task<Status> finish(ByteView last = {}, const Headers* trailers = nullptr) = 0;
    /// Answers 101 with `headers` (without Connection) and passes bytes both ways until the end (tunnel.hpp;
    /// the client is the first side). `other` has been answered with 101, and the request has no body that
    /// was not read. `on_peer_gone` is unset by it.
    virtual Task<Result<TunnelResult>> tunnel(const Headers& headers, ClientExchange& other,
                                              TunnelLimits limits) = 0;
    /// Ends the connection so that the client sees a cut answer.
    virtual void abort() = 0;
    [[nodiscard]] virtual bool begun() const = 0;
    [[nodiscard]] virtual bool finished() const = 0;

    /// `fn` is called once, from the loop, if the client closes or resets before the answer is finished.
    /// Also when a drain or the server's end cuts the connection; never after the handler has returned.
    /// Requests that follow on the connection are kept for later and do not count. An empty `fn` unsets it.
    virtual void on_peer_gone(std::move_only_function<void()> fn) = 0;
    [[nodiscard]] virtual bool peer_gone() const = 0;

    [[nodiscard]] virtual bool over_tls() const = 0;
    /// Key of the certificate that this connection shows; nothing without TLS.
    [[nodiscard]] virtual std::optional<Digest256> tls_spki() const { return std::nullopt; }
    [[nodiscard]] virtual std::string peer() const = 0;
    [[nodiscard]] virtual Loop& loop() = 0;
};

class Handler {
public:
    virtual ~Handler() = default;
    /// Must answer (`respond` or `begin`…`finish`) or `abort`; a handler that returns without is a broken
    /// answer: the connection is reset, or 500 is sent when nothing left yet.
    virtual Task<void> handle(Exchange& exchange) = 0;
    /// JSON body for an answer that the server gives itself: 400, 408, 413, 431, 500, 501, 503, 505.
    [[nodiscard]] virtual std::string error_body(int status) const = 0;
};

class Server {
public:
    /// Requires: `handler` outlives the loop's tasks. `E_NET_LISTEN` with the reason's errno in `detail`.
    static Result<std::unique_ptr<Server>> listen(Loop& loop, ListenOptions options, Limits limits,
                                                  Handler& handler);
    /// Stops accepting and closes every connection.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] const ServerStats& stats() const;
    /// Certificate and key for connections that are accepted from now on. Earlier ones go on as they are;
    /// where the key is another now, they close after the answer to their next request. Requires: the
    /// loop's thread; a server that was opened with TLS.
    void use_tls(std::shared_ptr<const TlsContext> tls);
    /// Stops accepting, closes idle connections, lets running exchanges finish (their answers say
    /// `Connection: close`). True when all ended within `limit`; the others are
    /// cut then, their handlers told, and given a moment.
    Task<bool> drain(Duration limit);

    struct Core;

private:
    explicit Server(std::shared_ptr<Core> core);
    std::shared_ptr<Core> core_;  // shared with its connections, which end after it
};

}  // namespace lumoz::net

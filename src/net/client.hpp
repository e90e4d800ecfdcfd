// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 client on one Loop: TCP, TLS, Unix socket; keep-alive pool or one connection per request. Only a
// request that meets an idle connection which the server closes is sent once more, on a new connection.
#pragma once

#include "net/http.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"

namespace lumoz::net {

struct Url {
    enum class Scheme : std::uint8_t { Http, Https, Unix };
    Scheme scheme = Scheme::Http;
    std::string host;         ///< name or numeric address without brackets; empty for Unix
    std::uint16_t port = 0;   ///< filled in from the scheme
    std::string socket_path;  ///< Unix only
    std::string prefix;       ///< path without a '/' at its end; may be empty

    /// Value of the Host header.
    [[nodiscard]] std::string authority() const;
    /// True for 127.0.0.0/8, ::1, `localhost` and Unix sockets.
    [[nodiscard]] bool is_loopback() const;
};
/// `http://host[:port][/prefix]`, `https://…`, `unix:/path.sock[:/prefix]`. No user, query or fragment.
/// `E_URL`.
Result<Url> parse_url(std::string_view text);

struct ClientOptions {
    std::chrono::milliseconds connect_timeout{5'000};  ///< with name resolution and TLS handshake
    std::chrono::milliseconds head_timeout{600'000};   ///< until the head of the answer
    std::chrono::milliseconds read_timeout{120'000};   ///< between two pieces of the body
    std::chrono::milliseconds write_timeout{30'000};   ///< how long the server may take no byte
    std::chrono::milliseconds pool_idle{15'000};       ///< an idle connection is closed after this
    std::size_t pool_size = 0;  ///< idle connections kept; 0: one connection per request
    HeadLimits head{};
    std::shared_ptr<const TlsContext> tls{};  ///< needed for https
};

/// One answer that is being read. Destroying it closes the connection unless the answer was read to its end.
class ClientExchange {
public:
    virtual ~ClientExchange() = default;
    [[nodiscard]] virtual const ResponseHead& head() const = 0;
    /// Length that was announced, if any.
    [[nodiscard]] virtual std::optional<std::uint64_t> content_length() const = 0;
    /// The next piece of content as it came, without the chunked coding; empty at the clean end. The view
    /// lives until the next call. `E_NET_CLOSED` (cut short or cancelled), `E_NET_TIMEOUT`, `E_HTTP_CHUNK`.
    virtual Task<Result<ByteView>> read_some() = 0;
    /// All that is left, at most `max_bytes` (`E_HTTP_BODY_TOO_LARGE`).
    virtual Task<Result<Bytes>> read_all(std::size_t max_bytes) = 0;
    /// Closes the connection; a `read_some` that waits ends with `E_NET_CLOSED`. Safe at any time on the
    /// loop.
    virtual void cancel() = 0;
    /// After status 101: the open stream, and what was read of it behind the head. Null otherwise.
    [[nodiscard]] virtual Stream* upgraded() = 0;
    [[nodiscard]] virtual ByteView upgraded_pending() const = 0;
    /// SHA-256 of the server certificate's SubjectPublicKeyInfo.
    [[nodiscard]] virtual std::optional<Digest256> peer_spki() const = 0;
};

/// A body that is made while it is sent.
class BodySource {
public:
    virtual ~BodySource() = default;
    /// Its size, when that is known: sent as Content-Length, chunked otherwise.
    [[nodiscard]] virtual std::optional<std::uint64_t> length() const = 0;
    /// The next piece, empty at the end. The view lives until the next call. An error ends the request, and
    /// is what `send` answers with. While it waits, `send` sees neither a cancel nor an early answer: it must
    /// have its own deadline.
    virtual Task<Result<ByteView>> next() = 0;
};

/// What follows the head of a request.
struct Payload {
    Payload() = default;
    Payload(ByteView whole) : bytes(whole) {}
    Payload(const Bytes& whole) : bytes(whole) {}
    explicit Payload(BodySource& streamed) : source(&streamed) {}
    ByteView bytes{};
    BodySource* source = nullptr;  ///< instead of `bytes`; must live until the answer's head is there
    std::string_view upgrade{};    ///< protocol that is asked for, static text; 101 is an answer then
};

/// Lets somebody else end a `Client::send` that still waits for the head. One per request.
class CancelToken {
public:
    CancelToken() = default;
    CancelToken(const CancelToken&) = delete;
    CancelToken& operator=(const CancelToken&) = delete;
    /// On the loop's thread, at any time, any number of times.
    void cancel();
    [[nodiscard]] bool cancelled() const { return cancelled_; }

private:
    friend class Client;
    bool cancelled_ = false;
    std::function<void()> close_;
};

class Client {
public:
    Client(Loop& loop, Url url, ClientOptions options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Sends head and body in one write and waits for the head of the answer. `target` begins with '/', the
    /// URL's prefix is put before it. Host, Content-Length, Transfer-Encoding and Upgrade are written here.
    /// `headers`, what `body` points to and `cancel` must live until the result is there. A streamed body has
    /// a connection of its own, and ends where it is when the server answers before its end. Errors:
    /// `E_NET_RESOLVE`, `E_NET_REFUSED`, `E_NET_TIMEOUT`, `E_NET_CLOSED`, `E_TLS_*`, `E_HTTP_RESPONSE`,
    /// `E_HTTP_FRAMING`, `E_HTTP_HEADER` (not sendable).
    Task<Result<std::unique_ptr<ClientExchange>>> send(std::string method, std::string target,
                                                       const Headers& headers, Payload body,
                                                       CancelToken* cancel = nullptr);
    [[nodiscard]] const Url& url() const;
    [[nodiscard]] std::size_t idle_connections() const;

    struct Core;

private:
    std::shared_ptr<Core> core_;  // shared with exchanges, which may end after the client
};

}  // namespace lumoz::net

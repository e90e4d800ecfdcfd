// SPDX-License-Identifier: Apache-2.0
// Engine: what computes answers. It is not trusted with isolation (design/decisions.md 19–23): it sees an
// allow-list of headers, one request per connection or pool entry, and no request twice.
#pragma once

#include "net/client.hpp"

#include <mutex>

namespace lumoz::engine {

/// One backend of several.
struct BackendState {
    bool ready = false;
    std::uint64_t open = 0;         ///< requests that it has in hand
    std::uint64_t taken = 0;        ///< requests that it was given, ever
    std::uint64_t failed = 0;       ///< of these, without an answer
    std::uint64_t passed_over = 0;  ///< times that it could not be reached, and another one was asked
};

class Engine {
public:
    virtual ~Engine() = default;
    /// From any I/O thread, with its own loop. Resolves when the head of the engine's answer is there. Of
    /// `headers` only those of `forwardable` are sent; `Accept-Encoding: identity` is added. `headers`, what
    /// `body` points to and `cancel` must live until the result is there. Errors of `net::Client::send`, and
    /// `E_ENGINE_UNAVAILABLE` (Unavailable) while the engine is not up.
    virtual net::Task<Result<std::unique_ptr<net::ClientExchange>>> send(net::Loop& loop, std::string method,
                                                                         std::string target,
                                                                         const net::Headers& headers,
                                                                         net::Payload body,
                                                                         net::CancelToken* cancel) = 0;
    /// True when the last health probe succeeded. Any thread.
    [[nodiscard]] virtual bool ready() const = 0;
    /// True while it was never ready, or is being started again. Any thread.
    [[nodiscard]] virtual bool starting() const { return false; }
    /// The backends behind it where there are several, in the order of the configuration. Any thread.
    [[nodiscard]] virtual std::vector<BackendState> backends() const { return {}; }
    /// Kind for log and report: "llama-server" or "url".
    [[nodiscard]] virtual std::string_view kind() const = 0;
    /// What the operator sees of it: a URL without secrets, or the program's name.
    [[nodiscard]] virtual std::string_view name() const = 0;
};

/// True for the request headers that an engine may see: Accept, Content-Type, traceparent, tracestate.
/// Authorization, Cookie, X-Conversation-Id and everything unknown stay here.
[[nodiscard]] bool forwardable(std::string_view header_name);
/// The headers of an engine request: the forwardable ones and `Accept-Encoding: identity`; for a request to
/// upgrade to a WebSocket those of its handshake too (`Sec-WebSocket-*`).
[[nodiscard]] net::Headers forwarded_headers(const net::Headers& from, bool upgrade = false);

/// One client of the same server per I/O thread. Destroy it before the loops, or after they have ended.
class ClientPerLoop {
public:
    ClientPerLoop(net::Url url, net::ClientOptions options)
        : url_(std::move(url)), options_(std::move(options)) {}
    /// Any thread, with its own loop.
    net::Client& of(net::Loop& loop);
    /// Any thread, while the loops run and no request does: lets each loop end its client.
    void end_on_loops();

private:
    net::Url url_;
    net::ClientOptions options_;
    std::mutex mutex_;
    std::vector<std::pair<net::Loop*, std::unique_ptr<net::Client>>> clients_;
};

}  // namespace lumoz::engine

// SPDX-License-Identifier: Apache-2.0
// HTTP for programs that have nothing else to do meanwhile (the command line). Each call runs its own loop on
// the calling thread and one connection.
#pragma once

#include "net/client.hpp"

#include <mutex>

namespace lumoz::net {

/// Ends blocking calls from another thread, those to come too.
class Interrupt {
public:
    Interrupt() = default;
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    /// Any thread, once and for all: the call under way and all that follow give `E_NET_CANCELLED`.
    void stop();

private:
    friend class InterruptibleRun;
    std::mutex mutex_;
    Loop* running_ = nullptr;
    bool stopped_ = false;
};

struct BlockingOptions {
    ClientOptions client{};
    std::size_t max_bytes = std::size_t{64} << 20;  ///< of the answer's body
    /// From the first to the last byte: the limits of `client` count anew with every byte that comes.
    /// `E_NET_TIMEOUT`.
    Duration total = std::chrono::minutes(2);
    Interrupt* interrupt = nullptr;  ///< must outlive the call; one call at a time
};

struct Response {
    ResponseHead head;
    Bytes body;                          ///< empty for `http_stream`
    std::optional<Digest256> peer_spki;  ///< https only
};

/// `url` with its prefix, then `target`. Errors as `Client::send` and `ClientExchange::read_all`.
Result<Response> http_request(const Url& url, std::string_view method, std::string_view target,
                              const Headers& headers, ByteView body, const BlockingOptions& options);
Result<Response> http_get(const Url& url, std::string_view target, const Headers& headers,
                          const BlockingOptions& options);
Result<Response> http_post(const Url& url, std::string_view target, const Headers& headers, ByteView body,
                           const BlockingOptions& options);
/// Calls `head` once and then `piece` for each piece as it comes; a false from either ends the transfer with
/// `E_NET_CANCELLED`.
Result<Response> http_stream(const Url& url, std::string_view method, std::string_view target,
                             const Headers& headers, ByteView body, const BlockingOptions& options,
                             const std::function<bool(const ResponseHead&)>& head,
                             const std::function<bool(ByteView)>& piece);

}  // namespace lumoz::net
